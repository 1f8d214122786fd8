"""Structured pruning: whole hidden neurons leave a chain of dense layers, which is smaller afterwards."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.sparsity.schedules import check_sparsity


def neurons_left(widths: Sequence[int], sparsity: float) -> list[int]:
    """Return how many neurons of each hidden layer stay when a fraction `sparsity` of them goes.

    Raises ConfigError when the fraction is outside [0, 1), or would leave a layer without any.
    """
    check_sparsity(sparsity)
    left = [round((1 - sparsity) * width) for width in widths]
    for width, count in zip(widths, left, strict=True):
        if not count:
            raise ConfigError(
                f"sparsity {sparsity:g} would remove all {width} neurons of a hidden layer; "
                f"allowed: at most {(width - 1) / width:.3g}, which leaves one"
            )
    return left


@torch.no_grad()
def strongest_neurons(weights: Sequence[Tensor], sparsity: float, order: int) -> list[Tensor]:
    """Return which neurons of each hidden layer stay [width] bool, the same fraction of every layer.

    weights: [out, in] of a chain. Those of least norm go: of order 1 or 2, of all weights that would go with
    the neuron, those that it reads by and those that it is read by (Fang et al. 2023, DepGraph).
    """
    left = neurons_left([len(weight) for weight in weights[:-1]], sparsity)
    kept = []
    for reads, read_by, count in zip(weights, weights[1:], left, strict=False):
        norm = torch.cat([reads, read_by.t()], 1).norm(p=order, dim=1)
        stays = torch.zeros(len(norm), dtype=torch.bool)
        stays[norm.topk(count).indices] = True
        kept.append(stays)
    return kept


def neuron_masks(weights: Sequence[Tensor], kept: Sequence[Tensor]) -> list[Tensor]:
    """Return masks [out, in] float32 0 wherever a hidden neuron that is not kept reads or is read."""
    stays = [torch.ones(weights[0].shape[1]), *(each.float() for each in kept), torch.ones(len(weights[-1]))]
    return [torch.outer(outputs, inputs) for inputs, outputs in pairwise(stays)]


@torch.no_grad()
def without_neurons(layers: Sequence[nn.Linear], kept: Sequence[Tensor]) -> list[nn.Linear]:
    """Return smaller layers: rows, biases and columns of the hidden neurons that are not kept are gone."""
    ends = (layers[0].in_features, layers[-1].out_features)
    first, last = (torch.ones(width, dtype=torch.bool) for width in ends)
    smaller = []
    for layer, (inputs, outputs) in zip(layers, pairwise([first, *kept, last]), strict=True):
        small = nn.Linear(int(inputs.sum()), int(outputs.sum()), dtype=layer.weight.dtype)
        small.weight.copy_(layer.weight[outputs][:, inputs])
        small.bias.copy_(layer.bias[outputs])
        smaller.append(small)
    return smaller
