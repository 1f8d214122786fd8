"""The delta engine's plan: a program, its streams, cycles and costs, and a node's files."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.engines.check import check_plan
from ganglion.hw.engines.delta.bound import bound, layer_bounds
from ganglion.hw.engines.delta.cost import estimate
from ganglion.hw.engines.delta.emit import engine_lines
from ganglion.hw.engines.delta.interpret import interpret
from ganglion.hw.engines.delta.memories import Memories
from ganglion.hw.engines.delta.program import Program, program
from ganglion.hw.engines.delta.shape import DeltaShape
from ganglion.hw.engines.node import EngineFiles
from ganglion.hw.engines.taps import tap_formats
from ganglion.hw.rtl import RTL
from ganglion.hw.target.resources import Resources
from ganglion.models.reference import IntNetwork

# In compile order: what is instantiated before what instantiates it.
MODULES = (
    "ganglion_delta_columns", "ganglion_output_fifo", "ganglion_delta_walker", "ganglion_requantize",
    "ganglion_delta_unit", "ganglion_delta_lane", "ganglion_delta_channel", "ganglion_delta_channels",
    "ganglion_delta_input", "ganglion_delta_control", "ganglion_adder_tree", "ganglion_result_queue",
    "ganglion_delta_output", "ganglion_delta", "ganglion_tap",
)  # fmt: skip
# From a vector's last word to the cycle in which the next one's first may come.
RESTART_CYCLES = 1


@dataclass(frozen=True, kw_only=True)
class DeltaPlan:
    """A program; a ganglion.hw.engines.node.NodePlan."""

    program: Program
    memories: Memories
    resources: Resources
    """What it takes of the part, estimated."""
    latency_cycles: int
    """The most cycles from the first input word to the last result, whatever changed; see `bound`."""

    @property
    def network(self) -> IntNetwork:
        """The layers."""
        return self.program.network

    @property
    def shape(self) -> DeltaShape:
        """Lanes and channels."""
        return self.program.shape

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads: a value for each channel in a word."""
        spec = self.network.spec
        return stream(spec.input_type, spec.widths[0], self.program.in_values)

    @property
    def egress(self) -> StreamFormat:
        """The stream that the engine writes: a value a word."""
        last = self.network.spec.layers[-1]
        return stream(last.output_type, last.n_outputs, 1)

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the most cycles from vector to vector: they follow one another."""
        return self.latency_cycles + RESTART_CYCLES + load_cycles - self.entry.words

    def layer_cycles(self) -> list[int]:
        """Return the most cycles that each layer's products take."""
        return layer_bounds(self.program)

    def figures(self) -> dict[str, int]:
        """Return the words and bits of a lane's memory, the widths inside, and what a reset takes."""
        return {
            "column_words": self.memories.layout.words,
            "column_bits": self.memories.layout.bits,
            "weight_bits": self.program.weight_bits,
            "accumulator_bits": self.program.accumulator_bits,
            "queue_depth": self.program.queue_depth,
            "clear_cycles": self.program.clear_cycles,
        }

    def verify(self) -> None:
        """Raise MismatchError unless the memories give the reference's integers, every layer's."""
        check_plan("delta", self.network, lambda inputs: interpret(self.program, self.memories, inputs))

    def write(self, name: str, folder: Path) -> EngineFiles:
        """Write the engine's memories for a node called `name` into `folder`."""
        return EngineFiles(
            lines=engine_lines(self.program, self.memories.layout, name),
            files=tuple(RTL / f"{module}.sv" for module in MODULES),
            memories=self.memories.write(self.program, folder, name),
            taps=tap_formats(self.network.spec),
        )


def plan(network: IntNetwork, shape: DeltaShape) -> DeltaPlan:
    """Return the plan of an engine of this shape, for a Xilinx part; CompileError when it cannot hold it."""
    made = program(network, shape)
    memories = Memories.of(made)
    resources = estimate(made, memories.layout)
    return DeltaPlan(program=made, memories=memories, resources=resources, latency_cycles=bound(made))
