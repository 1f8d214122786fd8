"""Frames that a network is proven with reach what they are made for."""

from itertools import product

import numpy as np
import pytest

from ganglion.hw.sim.frames import LONG_EPISODE, MIN_FRAMES, proof_frames
from ganglion.models.episodes import forward
from ganglion.models.frames import stacked
from ganglion.models.random_cnn import random_frames
from ganglion.models.reference import Ints
from tests.hw.toy import TOY_CNN, toy_cnn

Proof = tuple[Ints, np.ndarray]


@pytest.fixture(scope="module")
def proof() -> Proof:
    frames, starts = random_frames(np.random.default_rng(1), TOY_CNN, 20)
    return proof_frames(toy_cnn(), frames.reshape(20, -1), starts)


def test_they_are_many_in_short_and_long_episodes(proof: Proof) -> None:
    frames, starts = proof
    lengths = np.diff(np.append(np.flatnonzero(starts), len(starts)))
    assert len(frames) >= MIN_FRAMES and starts[0]
    assert {1, 2, 3, LONG_EPISODE} <= set(lengths.tolist())


def test_stacks_of_extremes_come_in_every_order(proof: Proof) -> None:
    stacks = stacked(proof[0].reshape(-1, 1, 12, 12), proof[1], 2)
    constant = stacks[(np.ptp(stacks, axis=(2, 3)) == 0).all(axis=1)][..., 0, 0]
    assert set(product((0, 255), repeat=2)) <= set(map(tuple, constant.tolist()))


def test_every_channel_of_the_first_layer_reaches_its_largest_and_smallest_sum(proof: Proof) -> None:
    network = toy_cnn()
    layer, weight, bias = network.spec.layers[0], network.weights[0], network.biases[0]
    stacks = stacked(proof[0].reshape(-1, 1, 12, 12), proof[1], 2)
    sums = layer.accumulate(stacks, weight, bias).max(axis=(2, 3)), layer.accumulate(stacks, weight, bias)
    positive, negative = (np.where(weight * sign > 0, weight, 0).sum(axis=(1, 2, 3)) for sign in (1, -1))
    np.testing.assert_array_equal(sums[0].max(axis=0), 255 * positive + bias)
    np.testing.assert_array_equal(sums[1].min(axis=(0, 2, 3)), 255 * negative + bias)


def test_every_hidden_layer_saturates_and_is_zero_somewhere(proof: Proof) -> None:
    for values in forward(toy_cnn(), *proof)[:-1]:
        assert values.max() == 255 and values.min() == 0
