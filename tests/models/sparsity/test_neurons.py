"""Structured pruning: the promised number of neurons goes, the weakest, and the rest computes the same."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.nets.float_network import float_network
from ganglion.models.sparsity import neuron_masks, neurons_left, strongest_neurons, without_neurons

WIDTHS = (5, 20, 7, 3)


@pytest.fixture
def layers() -> list[nn.Linear]:
    torch.manual_seed(3)
    return [nn.Linear(n_in, n_out) for n_in, n_out in pairwise(WIDTHS)]


def _weights(layers: list[nn.Linear]) -> list[Tensor]:
    return [layer.weight.detach() for layer in layers]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("sparsity", [0.0, 0.05, 0.3, 0.7])
def test_rows_and_columns_are_gone_and_the_masked_network_is_the_smaller_one(
    order: int, sparsity: float, layers: list[nn.Linear]
) -> None:
    kept = strongest_neurons(_weights(layers), sparsity, order)
    smaller = without_neurons(layers, kept)
    left = [round((1 - sparsity) * width) for width in WIDTHS[1:-1]]
    assert [layer.out_features for layer in smaller] == [*left, WIDTHS[-1]]
    assert [layer.in_features for layer in smaller] == [WIDTHS[0], *left]
    for layer, mask in zip(layers, neuron_masks(_weights(layers), kept), strict=True):
        layer.weight.data.mul_(mask)
    obs = torch.randn(50, WIDTHS[0])
    torch.testing.assert_close(float_network(smaller)(obs), float_network(layers)(obs))


@pytest.mark.parametrize(("order", "weakest"), [(1, 0), (2, 1)])
def test_a_norm_is_of_all_weights_that_go_with_the_neuron(order: int, weakest: int) -> None:
    # Neuron 0 has the smaller sum, one large weight, and is read by little; neuron 1 many middling ones.
    reads = torch.tensor([[3.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    read_by = torch.tensor([[0.5, 1.0]])
    (kept,) = strongest_neurons([reads, read_by], 0.5, order)
    assert not kept[weakest] and kept[1 - weakest]


def test_pruning_that_would_remove_every_neuron_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="0.96 would remove all 7 neurons of a hidden layer; allowed: at most 0.857"
    ):
        neurons_left(WIDTHS[1:-1], 0.96)
    assert neurons_left((7,), 6 / 7) == [1]
