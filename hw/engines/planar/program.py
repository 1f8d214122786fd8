"""A planar engine's program: maps in the lanes, the words of each channel, and the widths that they need."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ganglion.hw.engines.folded.lower import Requantization, rounding
from ganglion.hw.engines.planar.maps import Map, maps_of
from ganglion.hw.engines.planar.shape import PlanarShape, check_network, check_streams, layers_of
from ganglion.hw.engines.planar.streams import Shares, divided
from ganglion.hw.engines.planar.words import Word, weight_bits, words_of
from ganglion.models.layers import Conv2d, MaxPool2d
from ganglion.models.reference import IntNetwork, Ints

PRODUCT_BITS = 16
"""Of a value and a weight in a multiplier that two lanes share; ganglion_planar_pair.sv knows it."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """Convolutions and poolings placed on an engine.

    Every weight is shifted left by its layer's `lift` so that all sums are shifted right by the same amount,
    unless lanes share multipliers, in which only the weight itself has room. Rounding is part of the biases,
    and a signed result's, which is clipped as if from zero, its offset.
    """

    shape: PlanarShape
    network: IntNetwork

    @cached_property
    def layers(self) -> tuple[Conv2d | MaxPool2d, ...]:
        """The convolutions and poolings."""
        return layers_of(self.network.spec)

    @cached_property
    def maps(self) -> tuple[Map, ...]:
        """The maps at all boundaries; the last one is never stored."""
        return maps_of(self.network.spec, self.shape.tile)

    def residual(self, index: int) -> Map | None:
        """Return the map that a layer adds, if any, by the last word of every pass."""
        boundary = self.network.spec.residual(index)
        return None if boundary is None else self.maps[boundary]

    @property
    def depth(self) -> int:
        """Values of a lane."""
        return max(each.end for each in self.maps[:-1])

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
        """For each layer and output channel what a pass multiplies; channels by their places in the lanes."""
        return tuple(
            tuple(self._placed(index, words) for words in layer) for index, layer in enumerate(self._words)
        )

    def _placed(self, index: int, words: tuple[Word, ...]) -> tuple[Word, ...]:
        residual = self.network.spec.residual(index)
        boundaries = [index] * len(words) if residual is None else [*[index] * (len(words) - 1), residual]
        return tuple(
            replace(word, channel=self.order(boundary).index(word.channel))
            for word, boundary in zip(words, boundaries, strict=True)
        )

    @cached_property
    def _words(self) -> tuple[tuple[tuple[Word, ...], ...], ...]:
        return tuple(words_of(self.network, index) for index in range(len(self.layers)))

    @cached_property
    def shares(self) -> tuple[Shares, ...]:
        """For each layer the output channels of each stream; those of the last one leave in their order."""
        return tuple(
            divided([*map(len, words)], self.shape.streams, in_order=words is self._words[-1])
            for words in self._words
        )

    def order(self, boundary: int) -> tuple[int, ...]:
        """Return a map's channels as lanes keep them: each stream's behind those of the one before."""
        return self._orders[boundary]

    @cached_property
    def _orders(self) -> tuple[tuple[int, ...], ...]:
        return tuple(range(self.maps[0].channels)), *(
            tuple(channel for share in shares for channel in share) for shares in self.shares
        )

    @cached_property
    def passes(self) -> tuple[tuple[tuple[Ints, ...], int], ...]:
        """For each layer the words of each stream's channels, and the passes over them."""
        return tuple(
            (tuple(np.array([len(words[channel]) for channel in share]) for share in shares), target.tile**2)
            for words, shares, target in zip(self._words, self.shares, self.maps[1:], strict=True)
        )

    @property
    def stream_words(self) -> tuple[int, ...]:
        """Words of each stream's program."""
        return tuple(
            sum(int(lengths[stream].sum()) for lengths, _ in self.passes)
            for stream in range(self.shape.streams)
        )

    @property
    def frame_channels(self) -> int:
        """Channels of the input that are new in a step."""
        return self.network.spec.step_shape[0]

    @property
    def value_bits(self) -> int:
        """Bits of the widest value."""
        return max(each.type.bits for each in self.maps)

    @cached_property
    def shifts(self) -> tuple[int, ...]:
        """For each layer the right shift of a finished sum."""
        own = tuple(layer.shift for layer in self.layers)
        return own if self.shape.packing > 1 else (max(own),) * len(own)

    @cached_property
    def lifts(self) -> tuple[int, ...]:
        """For each layer the left shift of weights and biases."""
        return tuple(shift - layer.shift for shift, layer in zip(self.shifts, self.layers, strict=True))

    @cached_property
    def requantizations(self) -> tuple[Requantization, ...]:
        """What a finished sum goes through, layer by layer."""
        return tuple(
            Requantization(shift=shift, bits=each.output_type.bits)
            for shift, each in zip(self.shifts, self.layers, strict=True)
        )

    @property
    def weight_bits(self) -> int:
        """Bits of the widest weight in a word."""
        return max(self._weight_bits)

    @property
    def lifted_bits(self) -> int:
        """Bits of the widest weight that a lane multiplies by."""
        return max(bits + lift for bits, lift in zip(self._weight_bits, self.lifts, strict=True))

    @property
    def _weight_bits(self) -> list[int]:
        return [weight_bits(self.network, index) for index in range(len(self.layers))]

    @property
    def channel_bits(self) -> int:
        """Bits of an input channel in a word."""
        return max(1, max(each.channels - 1 for each in self.maps[:-1]).bit_length())

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
        """Words of the program, all streams'."""
        return sum(self.stream_words)

    @cached_property
    def starts(self) -> tuple[Ints, ...]:
        """For each layer what its channels' sums start at: [out]."""
        found = []
        for layer, bias, lift in zip(self.layers, self.network.biases, self.lifts, strict=True):
            own = bias if layer.has_weights else np.zeros(layer.out_shape[0], np.int64)
            found.append((own + rounding(layer.shift, layer.output_type)) << lift)
        return tuple(found)

    @cached_property
    def accumulator_bits(self) -> int:
        """Bits that hold every partial sum."""
        most = 0
        for index, (layer, lift) in enumerate(zip(self.layers, self.lifts, strict=True)):
            bound = int(self.network.accumulator_bound(index).max()) - (layer.output_type.low << layer.shift)
            most = max(most, bound << lift)
        return max(most.bit_length() + 1, max(self.shifts) + self.value_bits + 1, self._product_bits)

    @property
    def _product_bits(self) -> int:
        """Return the bits of a packed product and its carry, which a sum of packed lanes has at least."""
        return PRODUCT_BITS + 1 if self.shape.packing > 1 else 0

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
    def _sources(self) -> list[tuple[Conv2d | MaxPool2d, Map]]:
        return list(zip(self.layers, self.maps, strict=False))


def program(network: IntNetwork, shape: PlanarShape) -> Program:
    """Return a network's program; CompileError when the engine cannot hold it."""
    check_network(network)
    check_streams(network, shape)
    return Program(shape=shape, network=network)
