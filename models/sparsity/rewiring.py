"""Dynamic sparse training: the smallest weights give way to new ones, and every layer keeps its count."""

import math
from collections.abc import Sequence

from torch import Tensor

from ganglion.models.sparsity.distributions import Pool
from ganglion.models.sparsity.masks import prune


def rewire(
    masks: Sequence[Tensor],
    weights: Sequence[Tensor],
    growth: Sequence[Tensor],
    fraction: float,
    live_inputs: Tensor | None = None,
) -> list[Tensor]:
    """Return masks [out, in] in which each layer has swapped `fraction` of its weights for new ones.

    Those of least magnitude go, but no output's last path; where there was none, those of highest `growth`
    come: random numbers in SET (Mocanu et al. 2018), gradients' magnitudes in RigL (Evci et al. 2020).
    """
    kept = [int(mask.count_nonzero()) for mask in masks]
    pools = []
    for i, mask in enumerate(masks):
        n_swapped = min(round(fraction * kept[i]), mask.numel() - kept[i])
        pools.append(Pool(layers=(i,), count=kept[i] - n_swapped))
    survivors = prune([weight.detach().abs() for weight in weights], pools, masks, live_inputs)
    return [
        _grow(survivor, mask, score, count - int(survivor.count_nonzero()))
        for survivor, mask, score, count in zip(survivors, masks, growth, kept, strict=True)
    ]


def _grow(survivor: Tensor, before: Tensor, score: Tensor, count: int) -> Tensor:
    """Return `survivor` and the `count` weights of highest score among those that were pruned before."""
    grown = survivor.flatten().clone()
    grown[score.masked_fill(before != 0, -math.inf).flatten().topk(count).indices] = 1.0
    return grown.view_as(survivor)
