"""Which outputs an input can change through a chain of masks, and the cheapest paths that mend it."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

# Against the cost 1 of a new weight: among equals, the better scores are chosen.
_SCORE_COST = 1e-3


def reaches(masks: Sequence[Tensor], live_inputs: Tensor | None = None) -> Tensor:
    """Return which outputs [out] a live input reaches through weights that are kept: bool."""
    return _forward(masks, live_inputs)[-1]


def live_weights(masks: Sequence[Tensor], live_inputs: Tensor | None = None) -> int:
    """Return how many of the kept weights lie on a path from a live input to an output.

    The others cannot change an action: nothing that varies enters them, or nobody reads what leaves them.
    """
    entered = _forward(masks, live_inputs)
    read = torch.ones(masks[-1].shape[0], dtype=torch.bool)
    total = 0
    for mask, live in zip(reversed(masks), reversed(entered[:-1]), strict=True):
        on_path = (mask != 0) & read.unsqueeze(1) & live.unsqueeze(0)
        total += int(on_path.count_nonzero())
        read = (mask[read] != 0).any(0)
    return total


def _forward(masks: Sequence[Tensor], live_inputs: Tensor | None) -> list[Tensor]:
    """Return, for the inputs and each layer's outputs, which of them a live input reaches: bool."""
    live = torch.ones(masks[0].shape[1], dtype=torch.bool) if live_inputs is None else live_inputs
    reached = [live]
    for mask in masks:
        reached.append((mask[:, reached[-1]] != 0).any(1))
    return reached


def spanning_paths(
    scores: Sequence[Tensor],
    kept: Sequence[Tensor],
    allowed: Sequence[Tensor],
    live_inputs: Tensor | None,
    *,
    kept_are_free: bool,
) -> list[Tensor]:
    """Return masks of one path from a live input to each output, of few new weights and high scores.

    Paths share weights. A weight costs one when it is new, or, unless `kept_are_free`, when no path uses it
    yet: then the paths together are few. An output that no allowed path reaches has none.
    """
    start = torch.zeros(kept[0].shape[1], dtype=torch.float64)
    if live_inputs is not None:
        start[~live_inputs] = math.inf
    costs = []
    for score, mask, may in zip(scores, kept, allowed, strict=True):
        relative = score.double() / max(float(score.max()), 1e-30)
        cost = (1 - relative) * _SCORE_COST + ((mask == 0) if kept_are_free else 1.0)
        costs.append(cost.masked_fill(may == 0, math.inf))
    paths = [torch.zeros_like(mask) for mask in kept]
    for output in range(kept[-1].shape[0]):
        for layer, (row, column) in enumerate(_cheapest_path(costs, start, output)):
            paths[layer][row, column] = 1.0
            costs[layer][row, column] = 0.0
    return paths


def _cheapest_path(costs: Sequence[Tensor], start: Tensor, output: int) -> list[tuple[int, int]]:
    """Return (row, column) of one weight a layer, first layer first; nothing when every path is infinite."""
    total, choices = start, []
    for cost in costs[:-1]:
        best = (cost + total).min(1)
        total = best.values
        choices.append(best.indices)
    last = costs[-1][output] + total
    column = int(last.argmin())
    if math.isinf(float(last[column])):
        return []
    path = [(output, column)]
    for choice in reversed(choices):
        path.append((path[-1][1], int(choice[path[-1][1]])))
    return path[::-1]
