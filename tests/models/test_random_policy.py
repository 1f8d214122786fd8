"""Random policies are as sparse as asked, waste no weight, and use their ranges."""

from itertools import pairwise

import numpy as np
import pytest

from ganglion.models.liveness import live_part
from ganglion.models.random_policy import random_sparse_network

WIDTHS = (11, 256, 256, 3)


@pytest.mark.parametrize("sparsity", [0.5, 0.9, 0.98, 0.99])
def test_sparsity_is_as_asked_and_every_wired_neuron_reads_and_is_read(sparsity: float) -> None:
    network = random_sparse_network(np.random.default_rng(1), WIDTHS, sparsity)
    n_weights = sum(n_in * n_out for n_in, n_out in pairwise(WIDTHS))
    assert network.nnz == pytest.approx((1 - sparsity) * n_weights, abs=3)
    for below, above in pairwise(network.weights):
        assert np.array_equal(below.any(axis=1), above.any(axis=0))
    # A neuron may still die when its range is smaller than a step of its output: that is rare.
    assert live_part(network).network.nnz >= 0.99 * network.nnz


def test_neurons_are_left_out_only_where_weights_are_too_few() -> None:
    used = [
        random_sparse_network(np.random.default_rng(1), WIDTHS, sparsity).weights[0].any(axis=1).sum()
        for sparsity in (0.98, 0.99)
    ]
    assert used[0] == 256 and used[1] < 256


def test_every_layer_varies_with_the_input() -> None:
    rng = np.random.default_rng(1)
    network = random_sparse_network(rng, WIDTHS, 0.98)
    for activations in network.forward(rng.integers(-128, 128, (500, WIDTHS[0]))):
        assert activations.std() > 8  # of 256 steps
