"""Networks whose first layer is wide: tails of convolutional ones, with as many nonzeros as wanted."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ganglion.models.reference import IntNetwork
from ganglion.models.spec.types import IntType
from tests.hw.engines.folded.nets import live_mask
from tests.networks import random_network


def tail(widths: Sequence[int], nnz: Sequence[int], seed: int = 0) -> IntNetwork:
    """Return a network of unsigned inputs with so many nonzeros a layer, every neuron alive."""
    rng = np.random.default_rng(seed)
    network = random_network(rng, widths, density=nnz[0] / (widths[0] * widths[1]))
    weights = []
    for weight, count in zip(network.weights, nnz, strict=True):
        values = rng.integers(1, 60, weight.shape) * rng.choice([-1, 1], weight.shape)
        weights.append(np.where(live_mask(rng, weight.shape, count), values, 0))
    spec = replace(network.spec, input_type=IntType.parse("UINT8"))
    return replace(network, spec=spec, weights=tuple(weights))


def nature(fc1: int, width: int = 3136) -> IntNetwork:
    """Return NatureCNN's tail with `fc1` nonzeros in its first layer, the second 98% dense."""
    return tail((width, 512, 6), (fc1, 3010))
