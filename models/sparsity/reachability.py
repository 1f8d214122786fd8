"""Which outputs an input can change through a chain of masks, and the cheapest paths that mend it.

Masks are of any kind's weights, outputs first: a neuron, or a channel, is connected to another by all weights
between them, be it one, a kernel's, or those that read a flattened channel.
"""

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
    for mask, live in zip(reversed(_connections(masks)), reversed(entered[:-1]), strict=True):
        on_path = (mask != 0) & read[:, None, None] & live[None, :, None]
        total += int(on_path.count_nonzero())
        read = (mask[read] != 0).any(2).any(0)
    return total


def _connections(weights: Sequence[Tensor]) -> list[Tensor]:
    """Return views [out, in, k] of weights: the k that connect each two neurons or channels."""
    n_in, views = weights[0].shape[1], []
    for weight in weights:
        views.append(weight.reshape(len(weight), n_in, -1))
        n_in = len(weight)
    return views


def _forward(masks: Sequence[Tensor], live_inputs: Tensor | None) -> list[Tensor]:
    """Return, for the inputs and each layer's outputs, which of them a live input reaches: bool."""
    live = torch.ones(masks[0].shape[1], dtype=torch.bool) if live_inputs is None else live_inputs
    reached = [live]
    for mask in _connections(masks):
        reached.append((mask[:, reached[-1]] != 0).any(2).any(1))
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
    paths = [torch.zeros(mask.shape) for mask in kept]
    on_path, costs = _connections(paths), _connections(costs)
    for output in range(kept[-1].shape[0]):
        for layer, place in enumerate(_cheapest_path(costs, start, output)):
            on_path[layer][place] = 1.0
            costs[layer][place] = 0.0
    return paths


def _cheapest_path(costs: Sequence[Tensor], start: Tensor, output: int) -> list[tuple[int, int, int]]:
    """Return the place of one weight a layer, first layer first; nothing when every path is infinite."""
    cheapest = [cost.min(2) for cost in costs]
    total, choices = start, []
    for connection in cheapest[:-1]:
        best = (connection.values + total).min(1)
        total = best.values
        choices.append(best.indices)
    last = cheapest[-1].values[output] + total
    column = int(last.argmin())
    if math.isinf(float(last[column])):
        return []
    pairs = [(output, column)]
    for choice in reversed(choices):
        pairs.append((pairs[-1][1], int(choice[pairs[-1][1]])))
    return [
        (*pair, int(connection.indices[pair]))
        for pair, connection in zip(reversed(pairs), cheapest, strict=True)
    ]
