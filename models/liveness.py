"""Remove what cannot matter, exactly: fold constant neurons into biases, drop unread neurons and inputs.

What a layer with a threshold reads is what it was last sent: zero until a value differs by more than that.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganglion.models.layers import Layer
from ganglion.models.reference import IntNetwork, Ints, requantize
from ganglion.models.spec.network import NetworkSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNetwork:
    """The live part of a network, with the indices of the inputs that it still reads."""

    network: IntNetwork
    features: tuple[int, ...]


def live_part(network: IntNetwork) -> LiveNetwork:
    """Return the smallest network found that computes the same outputs; every width stays at least one."""
    spec = network.spec
    weights, biases = _without_constants(network)
    kept = [np.arange(width) for width in spec.widths]
    layers: list[Layer] = list(spec.layers)
    for boundary in reversed(range(len(layers))):
        if _is_separable(spec, boundary):
            # No layer has width zero in hardware: a network that ignores its input keeps one wire.
            kept[boundary] = np.flatnonzero(_read(spec, boundary, weights, kept))
            kept[boundary] = kept[boundary] if kept[boundary].size else np.array([0])
    for index, layer in enumerate(spec.layers):
        if layer.is_separable:
            inputs, outputs = kept[spec.source(index)], kept[index + 1]
            layers[index], weights[index], biases[index] = layer.without(
                weights[index], biases[index], inputs, outputs
            )
    live = IntNetwork(spec=replace(spec, layers=tuple(layers)), weights=tuple(weights), biases=tuple(biases))
    return LiveNetwork(network=live, features=tuple(int(i) for i in kept[0]))


def _readers(spec: NetworkSpec, boundary: int) -> list[int]:
    return [index for index in range(len(spec.layers)) if spec.source(index) == boundary]


def _is_separable(spec: NetworkSpec, boundary: int) -> bool:
    """Return whether single values may leave a boundary: all that give or read it can do without them."""
    writers = [boundary - 1] if boundary else []
    around = [spec.layers[index] for index in (*writers, *_readers(spec, boundary))]
    is_added = any(spec.residual(index) == boundary for index in range(len(spec.layers)))
    has_residual = any(spec.residual(index) is not None for index in writers)
    return all(layer.is_separable for layer in around) and not is_added and not has_residual


def _read(
    spec: NetworkSpec, boundary: int, weights: list[Ints], kept: list[npt.NDArray[np.intp]]
) -> npt.NDArray[np.bool_]:
    """Return which values of a boundary a live neuron reads: [width] bool; later boundaries are done."""
    read = np.zeros(spec.widths[boundary], dtype=bool)
    for index in _readers(spec, boundary):
        read |= spec.layers[index].reads(weights[index][kept[index + 1]]).reshape(-1)
    return read


def _without_constants(network: IntNetwork) -> tuple[list[Ints], list[Ints]]:
    """Return weights and biases in which neurons that cannot vary are in the biases of their readers."""
    spec, weights, biases = network.spec, list(network.weights), list(network.biases)
    shape = (1, *spec.shape(0))
    low, high = [np.full(shape, spec.input_type.low)], [np.full(shape, spec.input_type.high)]
    for index, layer in enumerate(spec.layers):
        source = spec.source(index)
        ends = [end[source].reshape(1, *layer.in_shape) for end in (low, high)]
        entering = _sent(ends[0], ends[1], spec.threshold(index))
        is_constant = entering[0][0] == entering[1][0]
        weights[index], biases[index] = layer.fold_constants(
            weights[index], biases[index], entering[0][0], is_constant
        )
        interval = layer.interval(entering[0], entering[1], weights[index], biases[index])
        for bounds, acc in zip((low, high), interval, strict=True):
            if (residual := spec.residual(index)) is not None:
                acc = acc + (bounds[residual] << spec.residual_shift(index))
            bounds.append(requantize(acc, layer.shift, layer.output_type))
    return weights, biases


def _sent(low: Ints, high: Ints, threshold: int) -> tuple[Ints, Ints]:
    """Return the range of what was last sent of values between `low` and `high`, zero at first."""
    is_at_once = (low > threshold) | (high < -threshold)
    is_never = (low >= -threshold) & (high <= threshold)
    ends = [
        np.where(is_at_once, end, other(end, 0)) for end, other in ((low, np.minimum), (high, np.maximum))
    ]
    return np.where(is_never, 0, ends[0]), np.where(is_never, 0, ends[1])
