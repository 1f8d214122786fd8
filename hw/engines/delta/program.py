"""A delta engine's program: the columns of each lane, the masks of each channel, and the widths they need."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ganglion.hw.engines.delta.place import Placement, place
from ganglion.hw.engines.delta.shape import UNITS_OF_LANE, DeltaShape, check_network
from ganglion.hw.engines.folded.lower import Requantization, hidden_modes, rounding
from ganglion.models.reference import IntNetwork, Ints

MIN_QUEUE_DEPTH = 32


@dataclass(frozen=True, kw_only=True)
class Program:
    """A network placed on an engine.

    A hidden activation v travels as v - low of its type, and rounding is part of where accumulators start, as
    in the folded engine; what was last sent starts at -low, which stands for zero.
    """

    shape: DeltaShape
    network: IntNetwork
    placement: Placement

    @property
    def n_layers(self) -> int:
        """Layers of the network."""
        return len(self.network.spec.layers)

    @property
    def in_values(self) -> int:
        """Values in a word of the input stream."""
        return self.shape.word_values_of(self.network.spec.widths[0])

    @property
    def input_words(self) -> int:
        """Words of the input stream that a vector takes."""
        return -(-self.network.spec.widths[0] // self.in_values)

    @property
    def requantizations(self) -> tuple[Requantization, ...]:
        """What a finished sum goes through, layer by layer."""
        layers = self.network.spec.layers
        return tuple(Requantization(shift=layer.shift, bits=layer.output_type.bits) for layer in layers)

    @property
    def modes(self) -> tuple[Requantization, ...]:
        """The distinct requantizations of hidden layers, at least one."""
        return hidden_modes(self.requantizations, self.network.spec.input_type)

    @property
    def activation_bits(self) -> int:
        """Bits of the widest value that enters a layer or leaves a scan; a difference has one more."""
        return max(self.network.spec.input_type.bits, *(mode.bits for mode in self.modes))

    @property
    def weight_bits(self) -> int:
        """Bits of the widest weight type."""
        return max(layer.weight_type.bits for layer in self.network.spec.layers)

    @property
    def product_bits(self) -> int:
        """Bits of a weight times a difference: weights are narrow, so a sign and the magnitudes' bits."""
        return self.weight_bits + self.activation_bits

    @cached_property
    def starts(self) -> tuple[Ints, ...]:
        """Each layer's accumulators at an episode's start, zeros sent, rounding included: [out]."""
        pairs = zip(self.network.spec.layers, self.network.biases, strict=True)
        return tuple(bias + rounding(layer.shift, layer.output_type) for layer, bias in pairs)

    @cached_property
    def accumulator_bits(self) -> int:
        """Bits that hold every sum: whatever was sent, it is start + weights times values of their type.

        An output's shares in the units start at its start or at zero, and their sum is held too. A sum is
        wider than a product.
        """
        high = 1 << (self.product_bits - 1)
        low = -high
        for index, (weight, start) in enumerate(zip(self.network.weights, self.starts, strict=True)):
            kind = self.network.spec.input_type_of(index)
            ends = np.stack([weight * kind.low, weight * kind.high])
            down, up = ends.min(axis=0).sum(axis=1), ends.max(axis=0).sum(axis=1)
            low = min(low, int(down.min()), int((down + start).min()))
            high = max(high, int(up.max()), int((up + start).max()))
        return max(high, ~low).bit_length() + 1

    @cached_property
    def channel_ids(self) -> tuple[tuple[Ints, Ints], ...]:
        """For each layer the channel and the id in it of what the layer reads: ([in], [in])."""
        features = np.arange(self.network.spec.widths[0])
        ids = [(features % self.in_values, features // self.in_values)]
        used = np.full(self.shape.channels, self.input_words)
        for layer in range(self.n_layers - 1):
            units, rows = self.placement.unit[layer][:, 0], self.placement.row[layer]
            channel, number = units % self.shape.channels, np.zeros(len(units), np.int64)
            for neuron in np.lexsort((rows, units)):
                number[neuron] = used[channel[neuron]]
                used[channel[neuron]] += 1
            ids.append((channel, number))
        return tuple(ids)

    @property
    def ids(self) -> int:
        """Ids of the channel that has most."""
        return 1 + max(int(number.max()) for _, number in self.channel_ids)

    @property
    def id_bits(self) -> int:
        """Bits of an id."""
        return max(1, (self.ids - 1).bit_length())

    def base(self, layer: int, unit: int) -> int:
        """Return what added to a row of hidden `layer` in `unit` makes the neuron's id, modulo 2**id_bits."""
        units, rows = self.placement.unit[layer][:, 0], self.placement.row[layer]
        mine = np.flatnonzero(units == unit)
        if not mine.size:
            return 0
        neuron = mine[rows[mine].argmin()]
        return int(self.channel_ids[layer + 1][1][neuron] - rows[neuron]) % (1 << self.id_bits)

    @cached_property
    def entries(self) -> tuple[Ints, ...]:
        """For each layer the pairs of weights that lanes have of each column: [in, lanes]."""
        weights = enumerate(self.network.weights)
        return tuple(self.placement.entries(index, weight, self.shape) for index, weight in weights)

    @cached_property
    def masks(self) -> Ints:
        """The lanes whose part of a column is not empty: [channels, ids, lanes] of 0 and 1."""
        masks = np.zeros((self.shape.channels, self.ids, self.shape.lanes), np.int64)
        for (channel, number), entries in zip(self.channel_ids, self.entries, strict=True):
            masks[channel, number] = entries > 0
        return masks

    @property
    def queue_depth(self) -> int:
        """Words of a queue: all the events that a channel can have for a lane before the next scan."""
        most = 0
        for (channel, _), entries in zip(self.channel_ids, self.entries, strict=True):
            for each in range(self.shape.channels):
                most = max(most, int((entries[channel == each] > 0).sum(axis=0).max(initial=0)))
        return max(MIN_QUEUE_DEPTH, 1 << (most - 1).bit_length())

    @property
    def row_bits(self) -> int:
        """Bits of a row of a unit."""
        return max(1, (self.placement.rows - 1).bit_length())

    @property
    def clear_cycles(self) -> int:
        """Cycles after a reset's end in which no input is taken: the reset's own register, then the state."""
        return 1 + max(UNITS_OF_LANE * self.placement.rows, self.input_words)


def program(network: IntNetwork, shape: DeltaShape) -> Program:
    """Return a network's program; CompileError when the engine cannot hold it."""
    check_network(network, shape)
    return Program(shape=shape, network=network, placement=place(network, shape))
