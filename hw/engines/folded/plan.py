"""The folded engine's plan: a program, its streams and costs, and a node's files."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.engines.check import check_plan
from ganglion.hw.engines.folded.cost import estimate
from ganglion.hw.engines.folded.emit import engine_lines, write_memories
from ganglion.hw.engines.folded.interpret import interpret
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.folded.program_plan import ProgramPlan
from ganglion.hw.engines.folded.schedule import schedule
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.node import EngineFiles
from ganglion.hw.engines.taps import tap_formats
from ganglion.hw.rtl import RTL
from ganglion.models.reference import IntNetwork

# In compile order: what is instantiated before what instantiates it.
MODULES = (
    "ganglion_delay", "ganglion_adder_tree", "ganglion_mac", "ganglion_requantize", "ganglion_lane",
    "ganglion_bias_rom", "ganglion_lanes", "ganglion_lane_array", "ganglion_reduction", "ganglion_collector",
    "ganglion_result_queue",
    "ganglion_bank", "ganglion_write_port", "ganglion_banks", "ganglion_loader", "ganglion_sequencer",
    "ganglion_folded", "ganglion_tap",
)  # fmt: skip
# From the word after which no input is read to the next vector's first, which starts the program again,
# where nothing is pipelined.
RELOAD_CYCLES = 2


@dataclass(frozen=True, kw_only=True)
class FoldedPlan(ProgramPlan[Program]):
    """A program; a ganglion.hw.engines.node.NodePlan."""

    @classmethod
    def of(cls, program: Program, dsp_accumulates: bool = True) -> "FoldedPlan":
        """Return the plan of a program; `dsp_accumulates` is the family's."""
        return cls(program=program, resources=estimate(program, dsp_accumulates))

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from vector to vector: the next one loads once no input is read any more.

        `load_cycles` it takes the loader; a cycle more where a result of another layer takes a bank's port.
        """
        last_read = int(self.program.release.argmax())
        reload = RELOAD_CYCLES + self.shape.pipelining
        return max(self.program.n_cycles, last_read + load_cycles - self.entry.words + reload)

    def layer_cycles(self) -> list[int]:
        """Return the cycles that the lanes together need for each layer's nonzeros."""
        products = [sum(len(row.inputs) for row in rows) for rows in self.program.lowered.rows]
        return [-(-count // self.shape.lanes) for count in products]

    def verify(self) -> None:
        """Raise MismatchError unless the program gives the reference's integers, every layer's."""
        check_plan("folded", self.network, lambda inputs: interpret(self.program, inputs))

    def write(self, name: str, folder: Path) -> EngineFiles:
        """Write the engine's memories for a node called `name` into `folder`."""
        return EngineFiles(
            lines=engine_lines(self.program, name),
            files=tuple(RTL / f"{module}.sv" for module in MODULES),
            memories=write_memories(self.program, folder, name),
            taps=tap_formats(self.network.spec),
        )


def plan(network: IntNetwork, shape: FoldedShape) -> FoldedPlan:
    """Return the plan of an engine of this shape; CompileError when the network has no such engine."""
    return FoldedPlan.of(schedule(network, shape))
