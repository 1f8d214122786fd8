"""How a network's sparsity is spread over its layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ganglion.models.sparsity.schedules import check_sparsity

Shapes = Sequence[tuple[int, ...]]
"""Of weights: (out, in) of a dense layer, (out, in, rows, columns) of a convolution."""


class Distribution(Enum):
    """How a network's sparsity is spread over its layers."""

    GLOBAL = "global"  # the best scores of all layers
    UNIFORM = "uniform"  # the same sparsity in every layer
    ERK = "erk"  # Erdős–Rényi: density in proportion to (in + out) / (in * out), Mocanu et al. 2018


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Layers that share a budget: together they keep `count` weights."""

    layers: tuple[int, ...]
    count: int


def pools_of(shapes: Shapes, sparsity: float, distribution: Distribution) -> list[Pool]:
    """Return what the layers of `shapes` keep at `sparsity`.

    Never less than one path from an input to every output needs: one weight a layer, in the last layer one
    for each output. Raises ConfigError when the sparsity is outside [0, 1).
    """
    check_sparsity(sparsity)
    sizes = [math.prod(shape) for shape in shapes]
    least = [*(1 for _ in shapes[:-1]), shapes[-1][0]]
    if distribution is Distribution.GLOBAL:
        count = max(sum(least), round((1 - sparsity) * sum(sizes)))
        return [Pool(layers=tuple(range(len(shapes))), count=count)]
    uniform = [(1 - sparsity) * size for size in sizes]
    shares = uniform if distribution is Distribution.UNIFORM else _erdos_renyi(shapes, sparsity)
    return [
        Pool(layers=(i,), count=max(least[i], min(sizes[i], round(share)))) for i, share in enumerate(shares)
    ]


def _erdos_renyi(shapes: Shapes, sparsity: float) -> list[float]:
    """Return the weights per layer in proportion to the sum of its sizes, none above their product."""
    sizes = [math.prod(shape) for shape in shapes]
    dense: set[int] = set()
    while True:
        budget = (1 - sparsity) * sum(sizes) - sum(sizes[i] for i in dense)
        spread = [i for i in range(len(shapes)) if i not in dense]
        factor = budget / sum(sum(shapes[i]) for i in spread) if spread else 0.0
        # A layer whose share exceeds its size stays dense, and the others divide what is left.
        full = {i for i in spread if factor * sum(shapes[i]) > sizes[i]}
        if not full:
            return [float(sizes[i]) if i in dense else factor * sum(shapes[i]) for i in range(len(shapes))]
        dense |= full
