"""Which weights live: pruning schedules, layer distributions and magnitude masks, as pure functions."""

import math
from collections.abc import Sequence
from enum import Enum

import torch
from torch import Tensor

from models.artifacts import ConfigError


class Distribution(Enum):
    """How a network's sparsity is spread over its layers."""

    GLOBAL = "global"  # one magnitude threshold for all layers
    UNIFORM = "uniform"  # the same sparsity in every layer
    ERK = "erk"  # Erdős–Rényi: density in proportion to (in + out) / (in * out), Mocanu et al. 2018


def check_sparsity(sparsity: float) -> None:
    """Raise ConfigError unless `sparsity`, the fraction of zeros, lies in [0, 1)."""
    if not 0 <= sparsity < 1:
        raise ConfigError(
            f"sparsity {sparsity} is outside [0, 1); it is the fraction of weights that are zero"
        )


def cubic_sparsity(step: int, begin: int, end: int, final: float) -> float:
    """Return the sparsity at `step`: 0 until `begin`, `final` from `end`, cubic between.

    Zhu & Gupta 2017, equation 1. Raises ConfigError when `final` is outside [0, 1).
    """
    check_sparsity(final)
    if step >= end:
        return final
    remaining = 1 - max(step - begin, 0) / (end - begin)
    return final * (1 - remaining**3)


def layer_counts(shapes: Sequence[tuple[int, int]], sparsity: float, distribution: Distribution) -> list[int]:
    """Return how many weights each layer keeps, for the uniform and Erdős–Rényi distributions.

    shapes: (out, in) per layer. At least one weight a layer is kept.
    """
    check_sparsity(sparsity)
    sizes = [rows * columns for rows, columns in shapes]
    if distribution is Distribution.UNIFORM:
        return [max(1, round((1 - sparsity) * size)) for size in sizes]
    dense: set[int] = set()
    while True:
        budget = (1 - sparsity) * sum(sizes) - sum(sizes[i] for i in dense)
        spread = [i for i in range(len(shapes)) if i not in dense]
        factor = budget / sum(sum(shapes[i]) for i in spread) if spread else 0.0
        # A layer whose share exceeds its size stays dense, and the others divide what is left.
        full = {i for i in spread if factor * sum(shapes[i]) > sizes[i]}
        if not full:
            return [
                sizes[i] if i in dense else max(1, round(factor * sum(shapes[i]))) for i in range(len(shapes))
            ]
        dense |= full


def magnitude_masks(weights: Sequence[Tensor], sparsity: float, distribution: Distribution) -> list[Tensor]:
    """Return 0/1 masks that keep the weights of largest magnitude: per layer [out, in] float32."""
    check_sparsity(sparsity)
    if distribution is not Distribution.GLOBAL:
        counts = layer_counts([(w.shape[0], w.shape[1]) for w in weights], sparsity, distribution)
        return [_keep_largest(w.detach().abs(), count) for w, count in zip(weights, counts, strict=True)]
    flat = torch.cat([w.detach().abs().flatten() for w in weights])
    mask = _keep_largest(flat, max(1, round((1 - sparsity) * flat.numel())))
    pieces = mask.split([w.numel() for w in weights])
    return [piece.view_as(w) for piece, w in zip(pieces, weights, strict=True)]


def measured_sparsity(weights: Sequence[Tensor]) -> float:
    """Return the fraction of weights that are exactly zero."""
    return 1 - sum(int(w.count_nonzero()) for w in weights) / math.fsum(w.numel() for w in weights)


def _keep_largest(score: Tensor, count: int) -> Tensor:
    mask = torch.zeros(score.numel())
    mask[score.flatten().topk(count).indices] = 1.0
    return mask.view_as(score)
