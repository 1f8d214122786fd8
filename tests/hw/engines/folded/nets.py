"""Networks for the folded engine: corners that a schedule or requantizer trips over; a 98% sparse one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ganglion.models.reference import IntNetwork
from ganglion.models.spec.types import IntType
from tests.networks import random_network


def with_types(network: IntNetwork, names: Sequence[str], shifts: Sequence[int] = ()) -> IntNetwork:
    """Return the network with these output types (and shifts), layer by layer, scales renumbered to fit."""
    layers, exponent = [], 0
    for index, (layer, name) in enumerate(zip(network.spec.layers, names, strict=True)):
        shift = shifts[index] if shifts else layer.shift
        after = exponent + layer.weight_exponent + shift
        kind = IntType.parse(name)
        layers.append(replace(layer, output_type=kind, input_exponent=exponent, output_exponent=after))
        exponent = after
    return replace(network, spec=replace(network.spec, layers=tuple(layers)))


def corner_network(rng: np.random.Generator) -> IntNetwork:
    """Return 9-14-12-10-3 with every corner: empty, dense, dead, single, extreme, tied; types mixed."""
    network = random_network(rng, (9, 14, 12, 10, 3), density=0.4)
    network = with_types(network, ("UINT8", "INT6", "UINT4", "INT5"), (6, 7, 9, 4))
    weights, biases = ([array.copy() for array in arrays] for arrays in (network.weights, network.biases))
    weights[0][0], weights[0][1], weights[0][2] = 0, 127, -127
    weights[0][3], weights[0][3][4] = 0, -1
    weights[1][:, 5] = 0  # neuron 5 of fc1 is dead
    weights[1][2] = 127
    weights[2][:, 1] = np.where(np.arange(10) % 2, 127, -127)
    biases[0][4], weights[0][4] = 0, 32 * np.sign(weights[0][4])  # ties of a shift by 6
    biases[1][0], biases[1][1] = 100_000, -100_000  # saturate whatever comes
    return replace(network, weights=tuple(weights), biases=tuple(biases))


def live_network(rng: np.random.Generator, widths: Sequence[int], nnz: Sequence[int]) -> IntNetwork:
    """Return a sparse network with `nnz` nonzeros a layer in which every hidden neuron reads and is read."""
    network = random_network(rng, widths, density=1.0)
    weights = []
    for weight, count in zip(network.weights, nnz, strict=True):
        mask = live_mask(rng, weight.shape, count)
        weights.append(np.where(mask, np.where(weight == 0, 1, weight), 0))
    return replace(network, weights=tuple(weights))


def live_mask(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> np.ndarray:
    """Return a mask of `count` places of a weight in which every row and every column has one."""
    rows, columns = shape
    mask = np.zeros(shape, dtype=bool)
    order = np.resize(rng.permutation(columns), max(rows, columns))
    mask[np.resize(rng.permutation(rows), max(rows, columns)), order] = True
    free = rng.permutation(np.flatnonzero(~mask))
    mask.flat[free[: count - int(mask.sum())]] = True
    return mask


def hopper_98(rng: np.random.Generator) -> IntNetwork:
    """Return a 98% sparse 11-256-256-3 network of 1,849 live nonzeros, as the targets assume."""
    return live_network(rng, (11, 256, 256, 3), (282, 1311, 256))
