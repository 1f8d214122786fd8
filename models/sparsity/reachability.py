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
    return _forward(masks, live_inputs, [None] * len(masks))[-1]


def live_weights(
    masks: Sequence[Tensor], live_inputs: Tensor | None = None, skips: Sequence[int | None] | None = None
) -> int:
    """Return how many of the kept weights lie on a path from a live input to an output.

    The others cannot change an action: nothing that varies enters them, or nobody reads what leaves them.
    skips: for each mask the one before whose outputs are added to its own; None: nothing is.
    """
    skips = [None] * len(masks) if skips is None else skips
    entered = _forward(masks, live_inputs, skips)
    read = [torch.zeros(mask.shape[0], dtype=torch.bool) for mask in masks]
    read[-1][:] = True
    total = 0
    for index, mask in reversed(list(enumerate(_connections(masks)))):
        on_path = (mask != 0) & read[index][:, None, None] & entered[index][None, :, None]
        total += int(on_path.count_nonzero())
        if index:
            read[index - 1] |= (mask[read[index]] != 0).any(2).any(0)
        if (skip := skips[index]) is not None:
            read[skip] |= read[index]
    return total


def _connections(weights: Sequence[Tensor]) -> list[Tensor]:
    """Return views [out, in, k] of weights: the k that connect each two neurons or channels."""
    n_in, views = weights[0].shape[1], []
    for weight in weights:
        views.append(weight.reshape(len(weight), n_in, -1))
        n_in = len(weight)
    return views


def _forward(
    masks: Sequence[Tensor], live_inputs: Tensor | None, skips: Sequence[int | None]
) -> list[Tensor]:
    """Return, for the inputs and each layer's outputs, which of them a live input reaches: bool."""
    live = torch.ones(masks[0].shape[1], dtype=torch.bool) if live_inputs is None else live_inputs
    reached = [live]
    for mask, skip in zip(_connections(masks), skips, strict=True):
        made = (mask[:, reached[-1]] != 0).any(2).any(1)
        reached.append(made if skip is None else made | reached[skip + 1])
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
