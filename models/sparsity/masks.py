"""Masks of the weights that score best, with a floor: an output that an input can reach stays reachable."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ganglion.models.sparsity.distributions import Pool
from ganglion.models.sparsity.reachability import reaches, spanning_paths


def measured_sparsity(weights: Sequence[Tensor]) -> float:
    """Return the fraction of weights that are exactly zero."""
    return 1 - sum(int(w.count_nonzero()) for w in weights) / math.fsum(w.numel() for w in weights)


def prune(
    scores: Sequence[Tensor],
    pools: Sequence[Pool],
    allowed: Sequence[Tensor] | None = None,
    live_inputs: Tensor | None = None,
) -> list[Tensor]:
    """Return 0/1 masks [out, in] float32 of the weights with the highest scores >= 0, as many as `pools` say.

    `allowed` masks bound them (None: every weight), `live_inputs` [in] bool says which inputs carry a signal
    (None: all). Where the best scores would cut an output off from every live input, the least of them give
    way to a path, so that counts stay; only if `allowed` holds no thrifty enough path do they rise.
    """
    allowed = [torch.ones_like(score) for score in scores] if allowed is None else list(allowed)
    nothing = [torch.zeros_like(score) for score in scores]
    masks = _keep_best(scores, pools, allowed, nothing)
    if bool(reaches(masks, live_inputs).all()):
        return masks
    paths = nothing
    for kept_are_free in (True, False):
        paths = spanning_paths(scores, masks, allowed, live_inputs, kept_are_free=kept_are_free)
        if all(_count(paths, pool) <= pool.count for pool in pools):
            break
    return _keep_best(scores, pools, allowed, paths)


def _keep_best(
    scores: Sequence[Tensor], pools: Sequence[Pool], allowed: Sequence[Tensor], required: Sequence[Tensor]
) -> list[Tensor]:
    """Return masks of each pool's best allowed scores, the required ones first."""
    masks = [torch.zeros(score.shape) for score in scores]
    for pool in pools:
        layers = [(scores[i].detach().float(), allowed[i], required[i]) for i in pool.layers]
        flat = torch.cat(
            [s.masked_fill(a == 0, -math.inf).masked_fill(r != 0, math.inf).flatten() for s, a, r in layers]
        )
        count = min(max(pool.count, _count(required, pool)), _count(allowed, pool))
        mask = torch.zeros(flat.numel())
        mask[flat.topk(count).indices] = 1.0
        pieces = mask.split([s.numel() for s, _, _ in layers])
        for i, piece in zip(pool.layers, pieces, strict=True):
            masks[i] = piece.view_as(scores[i])
    return masks


def _count(masks: Sequence[Tensor], pool: Pool) -> int:
    return sum(int(masks[i].count_nonzero()) for i in pool.layers)
