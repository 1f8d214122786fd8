"""A network in the engine's arithmetic: activations unsigned, rounding and offsets folded into the biases.

An activation v of a type from `low` travels as u = v - low. Then sum(w * v) = sum(w * u) + low * sum(w), and
clip((acc + half) >> shift, low, high) - low = clip((acc + half - (low << shift)) >> shift, 0, 2**bits - 1):
one unsigned requantizer serves signed and unsigned types, and half-up rounding costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.types import IntType


@dataclass(frozen=True, slots=True, kw_only=True)
class Requantization:
    """What a finished sum goes through: an arithmetic shift right by `shift`, a clip to 0..2**bits - 1."""

    shift: int
    bits: int

    def apply(self, acc: Ints) -> Ints:
        """Return accumulators as unsigned activations: [...] int64 → [...] int64."""
        return np.clip(acc >> self.shift, 0, (1 << self.bits) - 1)


def hidden_modes(layers: Sequence[Requantization], entering: IntType) -> tuple[Requantization, ...]:
    """Return the distinct ones of all but the last; of a single layer an unused one, as wide as its input."""
    return tuple(dict.fromkeys(layers[:-1])) or (replace(layers[-1], bits=entering.bits),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A neuron: its id, layer, bias on unsigned activations, the ids that it reads and their weights."""

    neuron: int
    layer: int
    bias: int
    inputs: tuple[int, ...]
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredNetwork:
    """Rows by layer and the widths they need. Ids count the inputs from 0, then layer after layer."""

    source: IntNetwork
    rows: tuple[tuple[Row, ...], ...]
    requantizations: tuple[Requantization, ...]
    accumulator_bits: int
    bias_bits: int

    @property
    def inputs(self) -> int:
        """Number of inputs; their ids are 0 to inputs - 1."""
        return self.source.spec.widths[0]

    @property
    def modes(self) -> tuple[Requantization, ...]:
        """The distinct requantizations of hidden layers, at least one."""
        return hidden_modes(self.requantizations, self.source.spec.input_type)

    @property
    def activation_bits(self) -> int:
        """Bits of an entry of the activation banks: the widest input or hidden activation."""
        return max(self.source.spec.input_type.bits, *(mode.bits for mode in self.modes))

    @property
    def weight_bits(self) -> int:
        """Bits of the widest weight type."""
        return max(layer.weight_type.bits for layer in self.source.spec.layers)

    def first_id(self, boundary: int) -> int:
        """Return the id of the first neuron of a boundary: 0 the inputs, k the outputs of layer k - 1."""
        return sum(self.source.spec.widths[:boundary])


def lower(network: IntNetwork) -> LoweredNetwork:
    """Return the network as rows over unsigned activations; exact for every input."""
    spec = network.spec
    offsets = np.cumsum([0, *spec.widths])
    rows, low, high, bias_high = [], 0, 0, 0
    for index, layer in enumerate(spec.layers):
        weight, source = network.weights[index], spec.input_type_of(index)
        half = rounding(layer.shift, layer.output_type)
        bias = network.biases[index] + source.low * weight.sum(axis=1) + half
        largest = (1 << source.bits) - 1
        down, up = np.minimum(weight, 0).sum(axis=1) * largest, np.maximum(weight, 0).sum(axis=1) * largest
        # A row may be split: partial sums start at the bias or at zero.
        low = min(low, int(down.min()), int((down + bias).min()))
        high = max(high, int(up.max()), int((up + bias).max()))
        bias_high = max(bias_high, int(np.where(bias < 0, ~bias, bias).max()))
        rows.append(tuple(_row(r, index, weight, bias, offsets) for r in range(len(weight))))
    return LoweredNetwork(
        source=network,
        rows=tuple(rows),
        requantizations=tuple(
            Requantization(shift=layer.shift, bits=layer.output_type.bits) for layer in spec.layers
        ),
        accumulator_bits=max(high, ~low).bit_length() + 1,
        bias_bits=max(1, bias_high.bit_length()) + 1,
    )


def rounding(shift: int, kind: IntType) -> int:
    """Return what half-up rounding and the offset of the output type add to a bias."""
    return ((1 << shift) >> 1) - (kind.low << shift)


def _row(r: int, layer: int, weight: Ints, bias: Ints, offsets: Ints) -> Row:
    columns = np.flatnonzero(weight[r])
    return Row(
        neuron=int(offsets[layer + 1]) + r,
        layer=layer,
        bias=int(bias[r]),
        inputs=tuple(int(offsets[layer] + c) for c in columns),
        weights=tuple(int(weight[r, c]) for c in columns),
    )
