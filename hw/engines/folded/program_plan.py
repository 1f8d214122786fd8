"""What the folded engine's plans have in common, over rows and over columns."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.engines.folded.columns.program import ColumnProgram
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.target.resources import Resources
from ganglion.models.reference import IntNetwork

P = TypeVar("P", Program, ColumnProgram)


@dataclass(frozen=True, kw_only=True)
class ProgramPlan(Generic[P]):
    """A program, and what it takes; part of a ganglion.hw.engines.node.NodePlan."""

    program: P
    resources: Resources
    """What it takes of the part, estimated."""

    @property
    def network(self) -> IntNetwork:
        """The layers."""
        return self.program.lowered.source

    @property
    def shape(self) -> FoldedShape:
        """Lanes, banks and words."""
        return self.program.shape

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads: in a word as many activations as may come at once."""
        lowered = self.program.lowered
        return stream(lowered.source.spec.input_type, lowered.inputs, self.program.in_values)

    @property
    def egress(self) -> StreamFormat:
        """The stream that the engine writes."""
        last = self.network.spec.layers[-1]
        return stream(last.output_type, last.n_outputs, self.shape.out_values)

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last result, alone and without stalls."""
        return self.program.latency_cycles

    def figures(self) -> dict[str, int]:
        """Return the words and bits of the program and the widths inside."""
        return {
            "program_words": self.program.n_cycles,
            "program_bits": self.program.n_cycles * self.program.word_bits,
            "weight_bits": self.program.lowered.weight_bits,
            "accumulator_bits": self.program.lowered.accumulator_bits,
        }
