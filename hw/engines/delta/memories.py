"""The memories of a delta engine: each lane's columns and start, each channel's masks, the order for taps.

A lane's words, all of one width: for each channel and id, where the column begins and one less than its
entries; for each row and unit, accumulator and last sent value at an episode's start; the columns' entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.hw.engines.delta.program import Program
from ganglion.hw.engines.delta.shape import UNITS_OF_LANE
from ganglion.hw.engines.memory_files import END_OF_ORDER, ORDER_FILE, hex_words, write_memory_files

COLUMN_PREFIX, MASK_PREFIX = "columns", "masks"
NO_NEURON = END_OF_ORDER - 1

Pair = list[tuple[int, int]]
"""An entry: weight and row of each unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A lane's words: `finds` by channel and id, `starts` by row and unit, `entries` column by column."""

    finds: list[tuple[int, int]]
    starts: list[tuple[int, int]]
    entries: list[Pair]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the lanes' words lie in their memories, which are all alike."""

    words: int
    start_word: int
    length_bits: int
    bits: int

    @property
    def address_bits(self) -> int:
        """Bits of a word's address."""
        return max(1, (self.words - 1).bit_length())


def _columns(program: Program, lane: int) -> Columns:
    """Return a lane's words."""
    ids = 1 << program.id_bits
    finds = [(0, 1)] * (program.shape.channels * ids)
    entries: list[Pair] = []
    first = len(finds) + UNITS_OF_LANE * program.placement.rows
    for layer, weight in enumerate(program.network.weights):
        channel, number = program.channel_ids[layer]
        for column in np.flatnonzero(program.entries[layer][:, lane]):
            pairs = _pairs(program, layer, lane, weight[:, column], int(column))
            finds[channel[column] * ids + number[column]] = (first + len(entries), len(pairs))
            entries += pairs
    return Columns(finds=finds, starts=_starts(program, lane), entries=entries)


def _pairs(program: Program, layer: int, lane: int, weight: np.ndarray, column: int) -> list[Pair]:
    halves: list[list[tuple[int, int]]] = [[] for _ in range(UNITS_OF_LANE)]
    for neuron in np.flatnonzero(weight):
        home, half = divmod(int(program.placement.unit[layer][neuron, column]), UNITS_OF_LANE)
        if home == lane:
            halves[half].append((int(weight[neuron]), int(program.placement.row[layer][neuron])))
    length = max(map(len, halves))
    padded = [half + [(0, 0)] * (length - len(half)) for half in halves]
    return [list(pair) for pair in zip(*padded, strict=True)]


def _starts(program: Program, lane: int) -> list[tuple[int, int]]:
    """Return accumulator and last sent value of each row, of unit 0 and of unit 1 in turn."""
    starts = [(0, 0)] * (UNITS_OF_LANE * program.placement.rows)
    for layer, values in enumerate(program.starts):
        is_last = layer == program.n_layers - 1
        sent = 0 if is_last else -program.network.spec.layers[layer].output_type.low
        for neuron, value in enumerate(values.tolist()):
            # Of an output, the share of the first unit starts at the bias, the others at zero.
            unit = 0 if is_last else int(program.placement.unit[layer][neuron, 0])
            if unit // UNITS_OF_LANE == lane:
                row = int(program.placement.row[layer][neuron])
                starts[UNITS_OF_LANE * row + unit % UNITS_OF_LANE] = (value, sent)
    return starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Memories:
    """Each lane's words, and how they lie in its memory."""

    lanes: tuple[Columns, ...]
    layout: Layout

    @classmethod
    def of(cls, program: Program) -> "Memories":
        """Return the memories of a program."""
        lanes = tuple(_columns(program, lane) for lane in range(program.shape.lanes))
        return cls(lanes=lanes, layout=_layout(program, lanes))

    def words(self, program: Program, lane: int) -> list[int]:
        """Return a lane's memory."""
        form, held, acc = self.layout, self.lanes[lane], (1 << program.accumulator_bits) - 1
        finds = [first | (length - 1) << form.address_bits for first, length in held.finds]
        starts = [(value & acc) | sent << program.accumulator_bits for value, sent in held.starts]
        made = [*finds, *starts, *(_entry(program, pair) for pair in held.entries)]
        return made + [0] * (form.words - len(made))

    def write(self, program: Program, folder: Path, node: str) -> tuple[Path, ...]:
        """Write the files into `folder`, their names beginning with the node's, and return them."""
        files = {
            f"{COLUMN_PREFIX}{lane:02}.dat": hex_words(self.words(program, lane), self.layout.bits)
            for lane in range(len(self.lanes))
        }
        powers = np.array([1 << lane for lane in range(program.shape.lanes)], dtype=object)
        for channel, masks in enumerate(program.masks):
            files[f"{MASK_PREFIX}{channel}.dat"] = hex_words((masks @ powers).tolist(), program.shape.lanes)
        files[ORDER_FILE] = hex_words([number for unit in _order(program) for number in unit], 16)
        return write_memory_files(files, folder, node)


def _layout(program: Program, lanes: Sequence[Columns]) -> Layout:
    """Return the one layout that holds every lane's words."""
    starts = UNITS_OF_LANE * program.placement.rows
    start_word = program.shape.channels << program.id_bits
    words = start_word + starts + max(len(lane.entries) for lane in lanes)
    length_bits = max(1, max(length - 1 for lane in lanes for _, length in lane.finds).bit_length())
    weights = 2 * program.weight_bits + (program.activation_bits if program.shape.packed else 0)
    needed = (
        max(1, (words - 1).bit_length()) + length_bits,
        program.accumulator_bits + program.activation_bits,
        weights + UNITS_OF_LANE * program.row_bits,
    )
    return Layout(words=words, start_word=start_word, length_bits=length_bits, bits=max(needed))


def _entry(program: Program, pair: Pair) -> int:
    (low, row), (high, other) = pair
    if program.shape.packed:
        bits = program.product_bits + program.weight_bits
        weights = (high << program.product_bits) + low
    else:
        bits = 2 * program.weight_bits
        weights = high << program.weight_bits | low & ((1 << program.weight_bits) - 1)
    return weights & ((1 << bits) - 1) | row << bits | other << (bits + program.row_bits)


def _order(program: Program) -> list[list[int]]:
    """Return, unit by unit, which hidden neuron each scanned row is, counted through the layers."""
    last = program.placement.first[-1]
    rows = [[NO_NEURON] * last + [END_OF_ORDER] for _ in range(program.shape.units)]
    first = 0
    for layer, width in enumerate(program.network.spec.widths[1:-1]):
        for neuron in range(width):
            unit = int(program.placement.unit[layer][neuron, 0])
            rows[unit][int(program.placement.row[layer][neuron])] = first + neuron
        first += width
    return rows
