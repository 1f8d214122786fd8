"""Remove what cannot matter, exactly: fold constants into biases, drop unread neurons, channels and inputs.

What a layer with a threshold reads is what it was last sent: zero until a value differs by more than that.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganglion.models.layers import Layer
from ganglion.models.reference import IntNetwork, Ints, activations
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
    kept = _read_values(spec, weights)
    layers: list[Layer] = list(spec.layers)
    for index, layer in enumerate(spec.layers):
        if layer.is_separable:
            inputs, outputs = kept[spec.source(index)], kept[index + 1]
            layers[index], weights[index], biases[index] = layer.without(
                weights[index], biases[index], inputs, outputs
            )
    live = IntNetwork(spec=replace(spec, layers=tuple(layers)), weights=tuple(weights), biases=tuple(biases))
    return LiveNetwork(network=live, features=tuple(int(i) for i in kept[0]))


def _read_values(spec: NetworkSpec, weights: list[Ints]) -> list[npt.NDArray[np.intp]]:
    """Return the values of each boundary, in C order, that a live one reads: of a map whole channels."""
    kept = [np.arange(width) for width in spec.widths]
    groups, n_kept = _groups(spec), math.inf
    while sum(map(len, kept)) < n_kept:
        n_kept = sum(map(len, kept))
        for group in groups:
            read = np.any([_read(spec, boundary, weights, kept) for boundary in group], axis=0)
            # No layer has width zero in hardware: a network that ignores its input keeps one wire.
            read[0] |= not read.any()
            for boundary in group:
                shape = spec.shape(boundary)
                kept[boundary] = np.flatnonzero(np.repeat(read, math.prod(shape[1:])))
    return kept


def _groups(spec: NetworkSpec) -> list[list[int]]:
    """Return the boundaries that can lose channels, or features, last ones first.

    Those in a group lose the same ones: what is added to what, and what keeps the channels that it reads.
    """
    groups = {boundary: [boundary] for boundary in range(len(spec.layers) + 1)}
    fixed = {len(spec.layers)}
    if len(spec.shape(0)) > 1:
        fixed.add(0)  # frames enter whole
    for index, layer in enumerate(spec.layers):
        source, made = spec.source(index), index + 1
        tied = [source] if layer.keeps_channels else []
        tied += [] if (residual := spec.residual(index)) is None else [residual]
        for boundary in tied:
            joined = sorted({*groups[made], *groups[boundary]}, reverse=True)
            groups |= dict.fromkeys(joined, joined)
        fixed |= set() if layer.is_separable else {source, made}
    found = [group for boundary, group in groups.items() if boundary == group[0]]
    return [group for group in reversed(found) if not fixed & set(group)]


def _read(
    spec: NetworkSpec, boundary: int, weights: list[Ints], kept: list[npt.NDArray[np.intp]]
) -> npt.NDArray[np.bool_]:
    """Return which channels, or features, of a boundary are read, other than by those in its group: bool."""
    read = np.zeros(spec.widths[boundary], dtype=bool)
    for index, layer in enumerate(spec.layers):
        if spec.source(index) == boundary and not layer.keeps_channels:
            read |= layer.reads(weights[index], kept[index + 1]).reshape(-1)
    return np.any(read.reshape(spec.shape(boundary)[0], -1), axis=1, keepdims=True)[:, 0]


def _without_constants(network: IntNetwork) -> tuple[list[Ints], list[Ints]]:
    """Return weights and biases in which neurons that cannot vary are in the biases of their readers."""
    spec, weights, biases = network.spec, list(network.weights), list(network.biases)
    shape = (1, *spec.shape(0))
    low, high = [np.full(shape, spec.input_type.low)], [np.full(shape, spec.input_type.high)]
    for index, layer in enumerate(spec.layers):
        source = spec.source(index)
        ends = [layer.entering(end[source]) for end in (low, high)]
        entering = _sent(ends[0], ends[1], spec.threshold(index))
        is_constant = entering[0][0] == entering[1][0]
        weights[index], biases[index] = layer.fold_constants(
            weights[index], biases[index], entering[0][0], is_constant
        )
        interval = layer.interval(entering[0], entering[1], weights[index], biases[index])
        for bounds, acc in zip((low, high), interval, strict=True):
            bounds.append(activations(spec, index, acc, bounds))
    return weights, biases


def _sent(low: Ints, high: Ints, threshold: int) -> tuple[Ints, Ints]:
    """Return the range of what was last sent of values between `low` and `high`, zero at first."""
    is_at_once = (low > threshold) | (high < -threshold)
    is_never = (low >= -threshold) & (high <= threshold)
    ends = [
        np.where(is_at_once, end, other(end, 0)) for end, other in ((low, np.minimum), (high, np.maximum))
    ]
    return np.where(is_never, 0, ends[0]), np.where(is_never, 0, ends[1])
