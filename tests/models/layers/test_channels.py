"""Channels that cannot matter leave convolutions, poolings and residual blocks, and nothing else changes."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ganglion.models.liveness import live_part
from ganglion.models.reference import IntNetwork
from tests.models.layers.nets import UINT8, conv, filled, inputs_of, pool, residual_network, resnet, tail

UNREAD = np.array([1, 3])


def every_weight(network: IntNetwork) -> IntNetwork:
    """Return the network with 1 for each weight that is zero."""
    return replace(network, weights=tuple(np.where(weight == 0, 1, weight) for weight in network.weights))


def pooled() -> IntNetwork:
    """Return conv 2 → 4, pool, conv 4 → 5, dense tail, unpadded, on 8 x 8 planes."""
    layers = [
        conv("conv1", 2, 4, 8),
        pool("pool1", 4, 6, kernel=2, padding=0, output_type=UINT8),
        conv("conv2", 4, 5, 3, kernel=2),
        tail("fc1", 20, 3),
    ]
    return every_weight(filled(layers))


def padded() -> IntNetwork:
    """Return conv 2 → 4, padded conv 4 → 5, dense tail, on 7 x 7 planes."""
    layers = [conv("conv1", 2, 4, 7), conv("conv2", 4, 5, 5, padding=1), tail("fc1", 125, 3)]
    return every_weight(filled(layers))


def without_weights(network: IntNetwork, index: int, where: Any) -> IntNetwork:
    """Return the network with zero weights there in one layer."""
    weights = [weight.copy() for weight in network.weights]
    weights[index][where] = 0
    return replace(network, weights=tuple(weights))


def with_bias(network: IntNetwork, index: int, channel: int, value: int) -> IntNetwork:
    """Return the network in which a layer's channel has the kernels zero and is `value` everywhere."""
    network = without_weights(network, index, (channel,))
    biases = [bias.copy() for bias in network.biases]
    biases[index][channel] = value << network.spec.layers[index].shift
    return replace(network, biases=tuple(biases))


def require_same_outputs(network: IntNetwork) -> IntNetwork:
    """Return the live part, once it gave the same outputs."""
    live, x = live_part(network).network, inputs_of(network, 40)
    np.testing.assert_array_equal(live(x), network(x))
    return live


def test_channels_that_nobody_reads_leave_convolution_and_pooling() -> None:
    live = require_same_outputs(without_weights(pooled(), 2, (slice(None), UNREAD)))
    assert [layer.out_shape for layer in live.spec.layers[:3]] == [(2, 6, 6), (2, 3, 3), (5, 2, 2)]
    assert live.weights[0].shape == (2, 2, 3, 3) and live.weights[2].shape == (5, 2, 2, 2)


def test_a_channel_whose_columns_a_dense_layer_does_not_read_leaves() -> None:
    network = padded()
    live = require_same_outputs(without_weights(network, 2, (slice(None), slice(25, 50))))
    assert live.spec.layers[1].out_shape == (4, 5, 5) and live.spec.layers[2].in_shape == (100,)
    one_left = without_weights(network, 2, (slice(None), slice(26, 50)))
    assert require_same_outputs(one_left).spec.layers[1].out_shape == (5, 5, 5)


def test_a_channel_without_kernels_becomes_a_bias_only_where_no_padding_interrupts_it() -> None:
    assert require_same_outputs(with_bias(pooled(), 0, 2, 9)).spec.layers[0].out_shape[0] == 3
    network = padded()
    assert require_same_outputs(with_bias(network, 0, 2, 9)).spec.layers[0].out_shape[0] == 4
    assert require_same_outputs(with_bias(network, 0, 2, 0)).spec.layers[0].out_shape[0] == 3
    assert require_same_outputs(with_bias(network, 0, 2, -9)).spec.layers[0].out_shape[0] == 3


def test_a_residual_block_loses_a_channel_when_nobody_reads_its_sum() -> None:
    network = without_weights(every_weight(residual_network()), 2, (slice(None), UNREAD))
    live = require_same_outputs(network)
    assert [layer.out_shape[0] for layer in live.spec.layers[:2]] == [4, 4]  # conv2 still reads conv1's
    live = require_same_outputs(without_weights(network, 1, (slice(None), UNREAD)))
    assert [layer.out_shape[0] for layer in live.spec.layers[:2]] == [2, 2]
    assert live.spec.layers[1].residual == "conv1"


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), dead=st.sampled_from([0.2, 0.5, 0.9]))
def test_the_live_part_of_a_pre_activation_resnet_equals_the_whole(seed: int, dead: float) -> None:
    rng, network = np.random.default_rng(seed), resnet()
    for index, weight in enumerate(network.weights):
        if weight.size:
            network = without_weights(network, index, np.nonzero(rng.random(weight.shape[:2]) < dead))
            network = without_weights(network, index, np.nonzero(rng.random(len(weight)) < dead))
    assert require_same_outputs(network).nnz <= network.nnz


def test_a_map_that_nobody_reads_keeps_one_channel() -> None:
    live = require_same_outputs(without_weights(pooled(), 2, (slice(None),)))
    assert live.spec.layers[0].out_shape[0] == 1
    assert live.spec.shape(0) == (2, 8, 8)
