"""The worst case holds for any step, and what is sent in an episode is the reference's."""

import numpy as np
import pytest

from ganglion.hw.engines.delta.bound import bound, layer_bounds
from ganglion.hw.engines.delta.cycles import layer_cycles, sent_values, step_cycles
from ganglion.hw.engines.delta.program import program
from ganglion.hw.engines.delta.shape import DeltaShape
from ganglion.models.delta import DeltaNetwork
from tests.hw.engines.delta.nets import column_network, episode, with_thresholds
from tests.hw.engines.folded.nets import hopper_98
from tests.networks import random_network

SHAPES = [DeltaShape(lanes=lanes, channels=channels) for lanes, channels in ((1, 1), (3, 2), (5, 4), (8, 8))]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.lanes}-{shape.channels}")
def test_no_step_takes_longer_than_one_in_which_everything_changes(shape: DeltaShape) -> None:
    rng = np.random.default_rng(0)
    for seed in range(3):
        network = random_network(np.random.default_rng(seed), (9, 23, 17, 3), density=0.2)
        made = program(network, shape)
        share = rng.random((400, 1)) ** 0.3
        sent = [rng.random((400, width)) < share for width in network.spec.widths[:-1]]
        assert step_cycles(made, sent).max() <= bound(made)
        for cycles, most in zip(layer_cycles(made, sent), layer_bounds(made), strict=True):
            assert cycles.max() <= most


def test_fewer_changes_are_never_slower() -> None:
    """Not just of everything: what a step sends, less anything, takes as long at most as everything does."""
    made = program(hopper_98(np.random.default_rng(0)), DeltaShape(lanes=8))
    widths = made.network.spec.widths[:-1]
    for layer, width in enumerate(widths):
        sent = [np.ones((width, other), np.bool_) for other in widths]
        sent[layer] = ~np.eye(width, dtype=np.bool_)
        assert step_cycles(made, sent).max() <= bound(made)


def test_what_is_sent_multiplies_as_often_as_the_reference_counts() -> None:
    rng = np.random.default_rng(0)
    network = with_thresholds(column_network(rng), 2, 5, 1)
    inputs, starts = episode(rng, network, 60), np.arange(60) % 20 == 0
    sent = sent_values(DeltaNetwork.of(network), inputs, starts)
    delta = DeltaNetwork.of(network)
    for first in range(0, 60, 20):
        state = delta.start(1)
        for step in range(first, first + 20):
            _, products = delta.step(state, inputs[step][None])
            columns = [(weight != 0).sum(axis=0) for weight in network.weights]
            got = [int(changed[step] @ column) for changed, column in zip(sent, columns, strict=True)]
            assert got == products[:, 0].tolist()
