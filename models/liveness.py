"""Remove what cannot matter, exactly: fold constant neurons into biases, drop unread neurons and inputs."""

from dataclasses import dataclass, replace

import numpy as np

from ganglion.models.reference import IntNetwork, Ints, requantize


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNetwork:
    """The live part of a network, with the indices of the inputs that it still reads."""

    network: IntNetwork
    features: tuple[int, ...]


def live_part(network: IntNetwork) -> LiveNetwork:
    """Return the smallest network found that computes the same outputs; every width stays at least one."""
    weights = [weight.copy() for weight in network.weights]
    biases = [bias.copy() for bias in network.biases]
    kept = [np.arange(width) for width in network.spec.widths]
    _fold_constants(network, weights, biases)
    for boundary in reversed(range(len(weights))):
        read = np.flatnonzero(weights[boundary].any(axis=0))
        # A layer of width zero does not exist in hardware: a network that ignores its input keeps one wire.
        keep = read if read.size else np.array([0])
        weights[boundary] = weights[boundary][:, keep]
        kept[boundary] = keep
        if boundary:
            weights[boundary - 1] = weights[boundary - 1][keep]
            biases[boundary - 1] = biases[boundary - 1][keep]
    layers = tuple(
        replace(layer, in_features=weight.shape[1], out_features=weight.shape[0])
        for layer, weight in zip(network.spec.layers, weights, strict=True)
    )
    spec = replace(network.spec, layers=layers)
    live = IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))
    return LiveNetwork(network=live, features=tuple(int(i) for i in kept[0]))


def _fold_constants(network: IntNetwork, weights: list[Ints], biases: list[Ints]) -> None:
    """Move neurons whose output cannot vary into the next layer's bias and zero their columns."""
    input_type = network.spec.input_type
    low = np.full(network.spec.widths[0], input_type.low)
    high = np.full(network.spec.widths[0], input_type.high)
    for index, layer in enumerate(network.spec.layers):
        low, high = _output_interval(weights[index], biases[index], low, high)
        low = requantize(low, layer.shift, layer.output_type)
        high = requantize(high, layer.shift, layer.output_type)
        if index + 1 == len(weights):
            return
        constant = low == high
        biases[index + 1] += weights[index + 1][:, constant] @ low[constant]
        weights[index + 1][:, constant] = 0


def _output_interval(weight: Ints, bias: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return the exact range of every accumulator over inputs between `low` and `high`: 2 x [out] int64."""
    positive, negative = np.maximum(weight, 0), np.minimum(weight, 0)
    return positive @ low + negative @ high + bias, positive @ high + negative @ low + bias
