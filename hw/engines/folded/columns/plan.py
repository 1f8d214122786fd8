"""The folded engine's plan over columns: a program, its streams and costs, and a node's files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.hw.engines.check import check_plan
from ganglion.hw.engines.folded.columns.cost import estimate_columns
from ganglion.hw.engines.folded.columns.emit import column_lines, write_column_memories
from ganglion.hw.engines.folded.columns.interpret import interpret_columns
from ganglion.hw.engines.folded.columns.program import ColumnProgram
from ganglion.hw.engines.folded.columns.schedule import schedule_columns
from ganglion.hw.engines.folded.program_plan import ProgramPlan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.node import EngineFiles
from ganglion.hw.engines.taps import tap_formats
from ganglion.hw.rtl import RTL
from ganglion.models.reference import IntNetwork

# In compile order: what is instantiated before what instantiates it.
COLUMN_MODULES = (
    "ganglion_delay", "ganglion_adder_tree", "ganglion_mac", "ganglion_requantize", "ganglion_bank",
    "ganglion_share_queue", "ganglion_column_lane", "ganglion_column_loader", "ganglion_column_sums",
    "ganglion_result_queue", "ganglion_sequencer", "ganglion_columns", "ganglion_tap",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ColumnPlan(ProgramPlan[ColumnProgram]):
    """A program over columns; a ganglion.hw.engines.node.NodePlan."""

    @classmethod
    def of(cls, program: ColumnProgram, dsp_accumulates: bool = True) -> "ColumnPlan":
        """Return the plan of a program; `dsp_accumulates` is the family's."""
        return cls(program=program, resources=estimate_columns(program, dsp_accumulates))

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from vector to vector: the next one loads once no input is read any more.

        `load_cycles` it takes the loader, and those in which a result takes the banks' ports.
        """
        program, shape = self.program, self.shape
        first = int(program.release.argmax()) + 1 + shape.pipelining
        hidden = [s.bank >= 0 for s in program.sums]
        stores = np.flatnonzero(program.adds)[hidden] + shape.reduction_delay - 1
        after, busy = first + load_cycles, set(stores[stores >= first].tolist())
        for cycle in sorted(busy):
            after += cycle < after
        return max(program.n_cycles, after)

    def layer_cycles(self) -> list[int]:
        """Return the cycles that the lanes together need for each layer's nonzeros."""
        return [-(-int(np.count_nonzero(weight)) // self.shape.lanes) for weight in self.network.weights]

    def verify(self) -> None:
        """Raise MismatchError unless the program gives the reference's integers, every layer's."""
        check_plan("folded", self.network, lambda inputs: interpret_columns(self.program, inputs))

    def write(self, name: str, folder: Path) -> EngineFiles:
        """Write the engine's memories for a node called `name` into `folder`."""
        return EngineFiles(
            lines=column_lines(self.program, name),
            files=tuple(RTL / f"{module}.sv" for module in COLUMN_MODULES),
            memories=write_column_memories(self.program, folder, name),
            taps=tap_formats(self.network.spec),
        )


def plan_columns(network: IntNetwork, shape: FoldedShape) -> ColumnPlan:
    """Return the plan of an engine of this shape; CompileError when the network has no such engine."""
    return ColumnPlan.of(schedule_columns(network, shape))
