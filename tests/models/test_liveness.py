"""Liveness: the live part computes the same integers with nothing in it that cannot matter."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ganglion.models.delta import DeltaNetwork
from ganglion.models.liveness import live_part
from ganglion.models.reference import IntNetwork
from tests.networks import random_inputs, random_network


def _small(seed: int = 0) -> IntNetwork:
    return random_network(np.random.default_rng(seed), (5, 6, 6, 3), density=1.0)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    widths=st.lists(st.integers(1, 16), min_size=2, max_size=5),
    density=st.sampled_from([0.0, 0.05, 0.1, 0.3, 1.0]),
)
def test_live_part_equals_the_whole(seed: int, widths: list[int], density: float) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, widths, density=density)
    live = live_part(network)
    inputs = random_inputs(rng, network, 100)
    np.testing.assert_array_equal(live.network(inputs[:, list(live.features)]), network(inputs))
    assert live.network.nnz <= network.nnz


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    thresholds=st.tuples(*[st.sampled_from([0, 1, 9, 60, 255])] * 3).filter(any),
    density=st.sampled_from([0.1, 0.3, 1.0]),
)
def test_with_thresholds_the_live_part_equals_the_whole_over_episodes(
    seed: int, thresholds: tuple[int, ...], density: float
) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, (5, 7, 6, 3), density=density)
    network = replace(network, spec=replace(network.spec, thresholds=thresholds))
    live = live_part(network)
    inputs = np.clip(rng.integers(-9, 10, (60, 5)).cumsum(axis=0) * 4, -128, 127)
    starts = rng.random(60) < 0.1
    whole = DeltaNetwork.of(network).run(inputs, starts)[-1]
    part = DeltaNetwork.of(live.network).run(inputs[:, list(live.features)], starts)[-1]
    np.testing.assert_array_equal(part, whole)
    assert live.network.nnz <= network.nnz


def test_a_constant_neuron_that_its_reader_is_never_sent_adds_nothing() -> None:
    network = _small()
    first, bias = network.weights[0].copy(), network.biases[0].copy()
    first[4], bias[4] = 0, 50 << network.spec.layers[0].shift
    whole = replace(network, weights=(first, *network.weights[1:]), biases=(bias, *network.biases[1:]))
    for threshold, added in ((49, 50), (50, 0)):
        spec = replace(network.spec, thresholds=(0, threshold, 0))
        live = live_part(replace(whole, spec=spec)).network
        assert live.spec.thresholds == spec.thresholds
        np.testing.assert_array_equal(live.biases[1], whole.biases[1] + added * whole.weights[1][:, 4])


def test_an_unread_neuron_and_an_unread_input_disappear() -> None:
    network = _small()
    first, second = network.weights[0].copy(), network.weights[1].copy()
    first[:, 3] = 0
    second[:, 2] = 0
    live = live_part(replace(network, weights=(first, second, network.weights[2])))
    assert live.features == (0, 1, 2, 4)
    assert live.network.spec.widths[:2] == (4, 5)


def test_a_neuron_without_inputs_becomes_bias() -> None:
    network = _small()
    first, bias = network.weights[0].copy(), network.biases[0].copy()
    first[4] = 0
    bias[4] = 50 << network.spec.layers[0].shift
    whole = replace(network, weights=(first, *network.weights[1:]), biases=(bias, *network.biases[1:]))
    live = live_part(whole)
    assert live.network.spec.widths[1] == 5
    np.testing.assert_array_equal(live.network.biases[1], whole.biases[1] + 50 * whole.weights[1][:, 4])


def test_a_fully_pruned_row_outputs_its_bias() -> None:
    network = _small()
    last = network.weights[2].copy()
    last[1] = 0
    live = live_part(replace(network, weights=(*network.weights[:2], last))).network
    outputs = live(random_inputs(np.random.default_rng(0), network, 20))
    layer = network.spec.layers[2]
    half = (1 << layer.shift) >> 1
    expected = np.clip((network.biases[2][1] + half) >> layer.shift, -128, 127)
    assert (outputs[:, 1] == expected).all()


def test_a_network_pruned_to_nothing_keeps_one_wire() -> None:
    network = random_network(np.random.default_rng(0), (5, 6, 3), density=0.0)
    live = live_part(network)
    assert live.network.spec.widths == (1, 1, 3)
    np.testing.assert_array_equal(
        live.network(np.zeros((1, 1), dtype=int)), network(np.zeros((1, 5), dtype=int))
    )
