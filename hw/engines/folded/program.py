"""A scheduled program: what lanes, banks and reduction do in every cycle, and its memory words."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganglion.hw.engines.folded.lower import LoweredNetwork
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.memory_files import packed
from ganglion.models.reference import Ints

# What a lane does with its sum after this product; WRITE + m requantizes it with hidden mode m into its bank.
ACCUMULATE, CAPTURE, WRITE = 0, 1, 2
# What the reduction does with the captured sums; STORE + m requantizes them with hidden mode m into a bank.
WAIT, EMIT, STORE = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One word a cycle. Shapes: T words, P lanes, G replicas, B banks; written[b]: bank b's neurons by time.

    A bank's result k is at address k mod `result_depth`; of input i, with W = `in_values`, i mod W is the
    bank and `result_depth` + i div W the address.
    """

    shape: FoldedShape
    lowered: LoweredNetwork
    weight: Ints  # [T, P]
    select: Ints  # [T, P], the bank whose word the lane takes
    action: Ints  # [T, P]
    address: Ints  # [T, G, B]
    reduction: Ints  # [T]
    store_bank: Ints  # [T], where STORE writes
    release: npt.NDArray[np.bool_]  # [T], after this word no input is read
    biases: tuple[tuple[int, ...], ...]  # by lane, in the order of its segments
    written: tuple[tuple[int, ...], ...]
    address_bits: int

    @property
    def n_cycles(self) -> int:
        """Words, which is the initiation interval in cycles."""
        return len(self.weight)

    @property
    def input_words(self) -> int:
        """Words of the input stream; the engine waits for one before each of so many first words."""
        return self.shape.words_of_input(self.lowered.inputs)

    @property
    def in_values(self) -> int:
        """Activations in a word of the input stream."""
        return self.shape.word_values_of(self.lowered.inputs)

    @property
    def used_banks(self) -> int:
        """Banks that hold anything; synthesis drops the others."""
        return sum(bank < self.in_values or bool(neurons) for bank, neurons in enumerate(self.written))

    @property
    def index_bits(self) -> int:
        """Bits of the index of a lane's bias."""
        return max(1, (max(len(lane) for lane in self.biases) - 1).bit_length())

    @property
    def most_results(self) -> int:
        """The most results that a bank receives for one vector, at least one."""
        return max(1, *(len(bank) for bank in self.written))

    @property
    def result_depth(self) -> int:
        """Addresses of a bank that hold results; the inputs lie above."""
        return (1 << self.address_bits) - self.input_words

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last output word, alone and without stalls."""
        return self.n_cycles + self.shape.output_delay

    @property
    def action_bits(self) -> int:
        """Bits of a lane's action."""
        return (WRITE + len(self.lowered.modes) - 1).bit_length()

    @property
    def reduction_bits(self) -> int:
        """Bits of the reduction's action."""
        return self.action_bits if self.stores else EMIT

    @property
    def stores(self) -> bool:
        """Whether any hidden row is split over lanes, so that the reduction writes banks."""
        return bool((self.reduction >= STORE).any())

    @property
    def select_bits(self) -> int:
        """Bits of a bank's number."""
        return (self.shape.banks - 1).bit_length()

    @property
    def word_bits(self) -> int:
        """Bits of a program word."""
        return sum(values.shape[1] * width for values, width in self.fields())

    def fields(self) -> list[tuple[Ints, int]]:
        """Return a word's fields from its low bits up: values [T, n] and the bits of one value."""
        column = [(self.release.astype(np.int64)[:, None], 1), (self.reduction[:, None], self.reduction_bits)]
        if self.stores:
            column.append((self.store_bank[:, None], self.select_bits))
        lanes = np.stack([self.action, self.weight, self.select], axis=-1).reshape(self.n_cycles, -1, 3)
        widths = (self.action_bits, self.lowered.weight_bits, self.select_bits)
        per_lane = [(lanes[:, p, [k]], widths[k]) for p in range(self.shape.lanes) for k in range(3)]
        return [*column, (self.address.reshape(self.n_cycles, -1), self.address_bits), *per_lane]

    def words(self) -> list[int]:
        """Return the packed program, one integer of `word_bits` bits a cycle."""
        return packed([(column, width) for values, width in self.fields() for column in values.T])
