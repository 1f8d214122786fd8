"""A program over columns: what every lane multiplies in every cycle, and when a neuron's shares are added."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganglion.hw.engines.folded.columns.placement import Placement
from ganglion.hw.engines.folded.lower import LoweredNetwork
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.memory_files import packed
from ganglion.models.reference import Ints

GO_ON = 0
"""What `ends` says of a product that is not a share's last."""
SHARES = 32
"""Sums that a lane keeps until the other lanes have theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A neuron whose shares are added: layer, bias, and the bank that it goes to, -1 for an output."""

    neuron: int
    layer: int
    bias: int
    bank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProgram:
    """One word a cycle. Shapes: T words, P lanes.

    Lane p multiplies what its own bank has at `address`. `ends` is 0, or 1 + n where the product is the last
    of the lane's share of a neuron, and the lane has none of the n neurons after it. The neurons come in the
    order of `sums` in every lane.
    """

    shape: FoldedShape
    lowered: LoweredNetwork
    placement: Placement
    weight: Ints  # [T, P]
    address: Ints  # [T, P]
    ends: Ints  # [T, P]
    adds: npt.NDArray[np.bool_]  # [T], the next neuron's shares, ended by now, are added
    release: npt.NDArray[np.bool_]  # [T], after this word no input is read
    sums: tuple[Sum, ...]
    end_bits: int

    @property
    def n_cycles(self) -> int:
        """Words."""
        return len(self.weight)

    @property
    def input_words(self) -> int:
        """Words of the input stream; the program starts when all are there."""
        return self.shape.words_of_input(self.lowered.inputs)

    @property
    def in_values(self) -> int:
        """Activations in a word of the input stream."""
        return self.shape.word_values_of(self.lowered.inputs)

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last output word, alone and without stalls."""
        return self.input_words + self.n_cycles + self.shape.output_delay - 1

    @property
    def written(self) -> tuple[tuple[int, ...], ...]:
        """The neurons of each bank in the order in which they come, at addresses above the inputs."""
        banks: list[list[int]] = [[] for _ in range(self.shape.lanes)]
        for each in self.sums:
            if each.bank >= 0:
                banks[each.bank].append(each.neuron)
        return tuple(map(tuple, banks))

    @property
    def most_results(self) -> int:
        """The most results that a bank receives for one vector, at least one."""
        return max(1, *map(len, self.written))

    @property
    def address_bits(self) -> int:
        """Bits of an address in a lane's bank."""
        return (self.placement.depth + self.most_results - 1).bit_length()

    @property
    def word_bits(self) -> int:
        """Bits of a program word."""
        return sum(width for _, width in self.fields())

    def fields(self) -> list[tuple[Ints, int]]:
        """Return a word's fields from its low bits up: values [T] and their bits."""
        lanes = ((self.ends, self.end_bits), (self.weight, self.lowered.weight_bits))
        lanes = (*lanes, (self.address, self.address_bits))
        column = [(self.release.astype(np.int64), 1), (self.adds.astype(np.int64), 1)]
        return [*column, *((v[:, p], width) for p in range(self.shape.lanes) for v, width in lanes)]

    def words(self) -> list[int]:
        """Return the packed program, one integer of `word_bits` bits a cycle."""
        return packed(self.fields())

    @property
    def entry_bits(self) -> int:
        """Bits of an entry of the table of sums."""
        return sum(self._entry_widths())

    def entries(self) -> list[int]:
        """Return the table of sums: from low bits bias, address, lane and mode; mode 0 is the output's."""
        depth, modes = self.placement.depth, self.lowered.modes
        stored, entries = [0] * self.shape.lanes, list[tuple[int, int, int, int]]()
        for each in self.sums:
            values = (each.bias, 0, 0, 0)
            if each.bank >= 0:
                mode = 1 + modes.index(self.lowered.requantizations[each.layer])
                values = (each.bias, depth + stored[each.bank], each.bank, mode)
                stored[each.bank] += 1
            entries.append(values)
        return packed(list(zip(np.array(entries).T, self._entry_widths(), strict=True)))

    @property
    def place_bits(self) -> int:
        """Bits of an entry of the table of inputs."""
        return sum(self._place_widths())

    def places(self) -> list[int]:
        """Return the table of inputs: of each word of their stream, its turn, and above it its group."""
        turn_bits, _ = self._place_widths()
        pairs = zip(self.placement.group, self.placement.turn, strict=True)
        return [group << turn_bits | turn for group, turn in pairs]

    def _place_widths(self) -> tuple[int, int]:
        return _index_bits(self.placement.width), _index_bits(self.placement.groups)

    def _entry_widths(self) -> tuple[int, int, int, int]:
        mode_bits = len(self.lowered.modes).bit_length()
        return self.lowered.bias_bits, self.address_bits, _index_bits(self.shape.lanes), mode_bits


def _index_bits(count: int) -> int:
    """Return the bits that number `count` things, at least one."""
    return max(1, (count - 1).bit_length())
