"""How a folded engine is built: lanes, activation banks, replicas of them, and where the multipliers go."""

from dataclasses import dataclass
from enum import Enum
from math import gcd
from typing import ClassVar

from ganglion.hw.engines.check import check_lanes, check_types
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork

MAX_LANES = 64
MAX_BANKS = 64
MOST_BANKS = 32
COLUMN_INPUTS = 8


class Split(Enum):
    """What is dealt to the lanes: a row, so that a neuron is one lane's, or a column, so that an input is."""

    ROWS = "rows"
    COLUMNS = "columns"


class Multiplier(Enum):
    """What multiplies in a lane; narrow weights belong in LUTs."""

    DSP = "dsp"
    LUT = "lut"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedShape:
    """The shape of an engine.

    Lane p writes bank p mod `banks`; banks beyond the lanes hold inputs and sums of split rows. Lanes are
    dealt in blocks to `replicas` of the banks. In a cycle a replica reads one address of each bank, and any
    of its lanes may take what comes. A word of the input stream carries `in_values` activations (as many as
    banks where it is None), a word of the output stream `out_values`, each summed up by its own group of
    lanes. With `pipelining` 1 registers follow the program memory, the banks and the sums.

    Split by COLUMNS, each lane has one bank for itself, and `replicas` is 1.
    """

    __pydantic_config__: ClassVar = STRICT

    lanes: int
    banks: int
    replicas: int
    multiplier: Multiplier = Multiplier.DSP
    in_values: int | None = None
    out_values: int = 1
    pipelining: int = 0
    split: Split = Split.ROWS

    def __post_init__(self) -> None:
        limits = {
            "lanes": MAX_LANES,
            "banks": MAX_BANKS,
            "replicas": self.lanes,
            "out_values": self.lanes,
        }
        if self.in_values is not None:
            limits["in_values"] = self.banks
        for name, high in limits.items():
            if not 1 <= getattr(self, name) <= high:
                nearest = min(max(1, getattr(self, name)), high)
                raise CompileError(
                    f"folded: {name} = {getattr(self, name)} is outside 1 to {high}; "
                    f"the nearest that works: {name} = {nearest}"
                )

    @classmethod
    def of(cls, lanes: int, multiplier: Multiplier = Multiplier.DSP, pipelining: int = 0) -> "FoldedShape":
        """Return the fast engine for any network: half as many lanes read a replica as it has banks.

        With fewer the scheduler leaves gaps (one to five percent); beyond 32 banks selecting one costs more
        LUTs than it saves cycles. `ganglion.hw.engines.folded.fit` finds a smaller one for a network.
        """
        banks = min(max(lanes, 1), MOST_BANKS)
        replicas = -(-lanes // max(1, banks // 2))
        return cls(lanes=lanes, banks=banks, replicas=replicas, multiplier=multiplier, pipelining=pipelining)

    @classmethod
    def columns(
        cls, lanes: int, multiplier: Multiplier = Multiplier.DSP, pipelining: int = 0
    ) -> "FoldedShape":
        """Return the engine whose lanes are dealt columns; its input words fill the lanes in whole groups."""
        return cls(
            lanes=lanes,
            banks=lanes,
            replicas=1,
            multiplier=multiplier,
            in_values=gcd(lanes, COLUMN_INPUTS),
            pipelining=pipelining,
            split=Split.COLUMNS,
        )

    @property
    def lane_delay(self) -> int:
        """Cycles from the word with a row's last product to the first word that may read the result."""
        return 4 + 2 * self.pipelining

    @property
    def reduction_delay(self) -> int:
        """Cycles from the word that stores a split row's sum to the first word that may read the result."""
        return 6 + (self.split is Split.COLUMNS) + 3 * self.pipelining

    @property
    def output_delay(self) -> int:
        """Cycles from the last word to its result on the output stream, inclusive of that cycle's word."""
        return 6 + (self.split is Split.COLUMNS) + 3 * self.pipelining

    def bank_of(self, lane: int) -> int:
        """Return the bank that a lane writes."""
        return lane % self.banks

    def replica_of(self, lane: int) -> int:
        """Return the replica of the banks that a lane reads."""
        return lane * self.replicas // self.lanes

    def lanes_of_output(self, output: int) -> range:
        """Return the lanes that share the rows which leave in this place of an output word."""
        first, after = (-(-k * self.lanes // self.out_values) for k in (output, output + 1))
        return range(first, after)

    def words_of_input(self, features: int) -> int:
        """Return the words of the input stream that a vector takes."""
        return -(-features // self.word_values_of(features))

    def word_values_of(self, features: int) -> int:
        """Return the activations in a word of the input stream."""
        return min(self.in_values or self.banks, features)


def check_network(network: IntNetwork, shape: FoldedShape) -> None:
    """Raise CompileError, with the nearest setting that works, when the engine cannot hold the network."""
    check_types("folded", network)
    outputs = network.spec.widths[-1]
    if outputs % shape.out_values:
        nearest = next(n for n in range(shape.out_values, 0, -1) if outputs % n == 0)
        raise CompileError(
            f"folded: {outputs} outputs do not fill words of out_values = {shape.out_values}; "
            f"the nearest that works: out_values = {nearest}"
        )
    check_lanes("folded", network, shape.lanes)
