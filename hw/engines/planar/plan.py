"""The planar engine's plan: a program, its streams, cycles and costs, and a node's files."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.engines.check import check_plan
from ganglion.hw.engines.node import EngineFiles
from ganglion.hw.engines.planar.cost import estimate
from ganglion.hw.engines.planar.cycles import Timing
from ganglion.hw.engines.planar.emit import (
    engine_lines,
    input_format,
    output_format,
    tap_formats,
    write_memories,
)
from ganglion.hw.engines.planar.interpret import interpret
from ganglion.hw.engines.planar.program import Program, program
from ganglion.hw.engines.planar.shape import PlanarShape
from ganglion.hw.rtl import RTL
from ganglion.hw.target.resources import Resources
from ganglion.models.reference import IntNetwork

# In compile order: what is instantiated before what instantiates it.
MODULES = (
    "ganglion_delay", "ganglion_requantize", "ganglion_planar_lane", "ganglion_planar_pair",
    "ganglion_planar_grid", "ganglion_planar_shifter", "ganglion_planar_reading", "ganglion_planar_lanes",
    "ganglion_planar_banks", "ganglion_planar_address", "ganglion_planar_frames", "ganglion_planar_loader",
    "ganglion_planar_layers", "ganglion_planar_sequencer", "ganglion_planar_stream", "ganglion_planar_write",
    "ganglion_planar_plane", "ganglion_planar_turns", "ganglion_planar_drain", "ganglion_planar",
)  # fmt: skip
CHECKED_STACKS = 8


@dataclass(frozen=True, kw_only=True)
class PlanarPlan:
    """A program; a ganglion.hw.engines.node.NodePlan."""

    program: Program
    resources: Resources
    """What it takes of the part, estimated."""

    @property
    def network(self) -> IntNetwork:
        """The layers."""
        return self.program.network

    @property
    def shape(self) -> PlanarShape:
        """The grid, and how many there are."""
        return self.program.shape

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads: the newest frame."""
        return input_format(self.program)

    @property
    def egress(self) -> StreamFormat:
        """The stream that the engine writes."""
        return output_format(self.program)

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last result, alone and without stalls."""
        return self._timing().latency

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from frame to frame when one comes in `load_cycles`, or as fast as it can."""
        return self._timing(-(-load_cycles // self.entry.words)).interval

    def _timing(self, word_cycles: int = 1) -> Timing:
        values = self.entry.word_values, self.egress.word_values
        return Timing(
            program=self.program, in_values=values[0], out_values=values[1], word_cycles=word_cycles
        )

    def layer_cycles(self) -> list[int]:
        """Return the cycles in which each layer multiplies."""
        return [max(int(each.sum()) for each in lengths) * passes for lengths, passes in self.program.passes]

    def figures(self) -> dict[str, int]:
        """Return the words and bits of the program, a lane's values, and the widths inside."""
        return {
            "program_words": self.program.n_words,
            "program_bits": self.program.n_words * self.program.word_bits,
            "lane_values": self.program.depth,
            "weight_bits": self.program.weight_bits,
            "accumulator_bits": self.program.accumulator_bits,
        }

    def verify(self) -> None:
        """Raise MismatchError unless the program gives the reference's integers, every layer's."""
        check_plan(
            "planar", self.network, lambda inputs: interpret(self.program, inputs), n_vectors=CHECKED_STACKS
        )

    def write(self, name: str, folder: Path) -> EngineFiles:
        """Write the engine's memories for a node called `name` into `folder`."""
        return EngineFiles(
            lines=engine_lines(self.program, name),
            files=tuple(RTL / f"{module}.sv" for module in MODULES),
            memories=write_memories(self.program, folder, name),
            taps=tap_formats(self.program),
        )


def plan(network: IntNetwork, shape: PlanarShape) -> PlanarPlan:
    """Return the plan of an engine of this shape; CompileError when it cannot hold the network."""
    made = program(network, shape)
    return PlanarPlan(program=made, resources=estimate(made))
