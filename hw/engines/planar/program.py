"""A planar engine's program: where maps lie in the lanes, the words of each channel, the widths they need."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from ganglion.hw.engines.folded.lower import Requantization, rounding
from ganglion.hw.engines.planar.shape import PlanarShape, check_network, convolutions, tiles
from ganglion.models.layers import Conv2d
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.types import IntType

N = TypeVar("N", int, Ints)

# A pass is two words long at least: the first one's flag says that the second is the last.
LEAST_WORDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A feature map in the lanes: of each channel tile x tile values a lane, from address `first` on."""

    channels: int
    height: int
    width: int
    type: IntType
    tile: int
    first: int

    @property
    def tile_bits(self) -> int:
        """Address bits of a row, and of a column, of a tile."""
        return (self.tile - 1).bit_length()

    @property
    def words(self) -> int:
        """Addresses that it takes; those of tiles whose size is no power of two have gaps."""
        return self.channels << 2 * self.tile_bits

    def address(self, channel: N, row: N, column: N) -> N:
        """Return where a channel's value at a place in the tile lies."""
        return self.first + (((channel << self.tile_bits | row) << self.tile_bits) | column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A product: a weight, the input channel that it multiplies, and where in the window."""

    weight: int
    channel: int
    row: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """Convolutions placed on an engine.

    Every weight is shifted left by its layer's `lift` so that all sums are shifted right by the same `shift`;
    rounding is part of the biases, and a signed result's, which is clipped as if from zero, its offset.
    """

    shape: PlanarShape
    network: IntNetwork

    @property
    def layers(self) -> tuple[Conv2d, ...]:
        """The convolutions."""
        return convolutions(self.network.spec)

    @cached_property
    def maps(self) -> tuple[Map, ...]:
        """The maps at all boundaries; the last one is never stored.

        The input stays; of the others at most two are needed at a time.
        """
        spec, found = self.network.spec, list[Map]()
        for boundary, tile in enumerate(tiles(self.layers, self.shape.tile)):
            channels, height, width = spec.shape(boundary)
            kind = spec.type(boundary)
            made = Map(channels=channels, height=height, width=width, type=kind, tile=tile, first=0)
            found.append(_placed(made, found))
        return tuple(found)

    @property
    def depth(self) -> int:
        """Values of a lane."""
        return max(each.first + each.words for each in self.maps[:-1])

    @property
    def bank_rows(self) -> int:
        """Rows of memories: the input may reach beyond the lanes."""
        return max(self.shape.rows, -(-self.maps[0].height // self.maps[0].tile))

    @property
    def bank_columns(self) -> int:
        """Columns of memories."""
        return max(self.shape.columns, -(-self.maps[0].width // self.maps[0].tile))

    @cached_property
    def words(self) -> tuple[tuple[tuple[Word, ...], ...], ...]:
        """For each layer and output channel what a pass multiplies."""
        return tuple(tuple(map(_words, weight)) for weight in self.network.weights)

    @property
    def frame_channels(self) -> int:
        """Channels of the input that are new in a step."""
        return self.network.spec.step_shape[0]

    @property
    def value_bits(self) -> int:
        """Bits of the widest value."""
        return max(each.type.bits for each in self.maps)

    @property
    def shift(self) -> int:
        """Right shift of every finished sum."""
        return max(layer.shift for layer in self.layers)

    @property
    def lifts(self) -> tuple[int, ...]:
        """For each layer the left shift of weights and biases."""
        return tuple(self.shift - layer.shift for layer in self.layers)

    @property
    def requantizations(self) -> tuple[Requantization, ...]:
        """What a finished sum goes through, layer by layer."""
        return tuple(Requantization(shift=self.shift, bits=each.output_type.bits) for each in self.layers)

    @property
    def weight_bits(self) -> int:
        """Bits of the widest weight in a word."""
        return max(layer.weight_type.bits for layer in self.layers)

    @property
    def lifted_bits(self) -> int:
        """Bits of the widest weight that a lane multiplies by."""
        return max(each.weight_type.bits + lift for each, lift in zip(self.layers, self.lifts, strict=True))

    @property
    def channel_bits(self) -> int:
        """Bits of an input channel in a word."""
        return max(1, max(layer.in_channels - 1 for layer in self.layers).bit_length())

    @property
    def kernel_bits(self) -> int:
        """Bits of a place in a window."""
        return max(1, max(layer.kernel - 1 for layer in self.layers).bit_length())

    @property
    def word_bits(self) -> int:
        """Bits of a word: the flag, weight, channel, row and column."""
        return 1 + self.weight_bits + self.channel_bits + 2 * self.kernel_bits

    @cached_property
    def n_words(self) -> int:
        """Words of the program."""
        return sum(len(channel) for layer in self.words for channel in layer)

    @cached_property
    def starts(self) -> tuple[Ints, ...]:
        """For each layer what its channels' sums start at: [out]."""
        pairs = zip(self.layers, self.network.biases, self.lifts, strict=True)
        return tuple((bias + rounding(layer.shift, layer.output_type)) << lift for layer, bias, lift in pairs)

    @cached_property
    def accumulator_bits(self) -> int:
        """Bits that hold every partial sum."""
        most = 0
        for index, (layer, lift) in enumerate(zip(self.layers, self.lifts, strict=True)):
            bound = int(self.network.accumulator_bound(index).max()) - (layer.output_type.low << layer.shift)
            most = max(most, bound << lift)
        return max(most.bit_length() + 1, self.shift + self.value_bits + 1)

    @property
    def bias_bits(self) -> int:
        """Bits of the widest start."""
        return max(int(np.abs(start).max()) for start in self.starts).bit_length() + 1

    @property
    def reach(self) -> tuple[int, int]:
        """The nearest and the farthest lane that a lane reads, in rows as in columns."""
        low = min(-layer.padding // source.tile for layer, source in self._sources)
        high = max(
            (layer.stride * (target.tile - 1) + layer.kernel - 1 - layer.padding) // source.tile
            for (layer, source), target in zip(self._sources, self.maps[1:], strict=True)
        )
        return low, max(low, high)

    @property
    def _sources(self) -> list[tuple[Conv2d, Map]]:
        return list(zip(self.layers, self.maps, strict=False))


def program(network: IntNetwork, shape: PlanarShape) -> Program:
    """Return a network's program; CompileError when the engine cannot hold it."""
    check_network(network)
    return Program(shape=shape, network=network)


def _placed(made: Map, before: list[Map]) -> Map:
    """Return the map where neither the input nor the map before it is, as low as it fits."""
    if not before:
        return made
    base, source = before[0].words, before[-1]
    is_free_below = len(before) > 1 and base + made.words <= source.first
    return replace(made, first=base if is_free_below or len(before) == 1 else source.first + source.words)


def _words(kernel: Ints) -> tuple[Word, ...]:
    """Return the words of an output channel, its nonzero weights [in, kernel, kernel]."""
    found = [
        Word(weight=int(kernel[at]), channel=int(at[0]), row=int(at[1]), column=int(at[2]))
        for at in zip(*np.nonzero(kernel), strict=True)
    ]
    nothing = Word(weight=0, channel=0, row=0, column=0)
    return (*found, *[nothing] * (LEAST_WORDS - len(found)))
