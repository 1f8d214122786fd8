"""Evaluation: actions are the deployed policy's to the bit, and an episode depends on its seed alone."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.spec.heads import TanhHead
from ganglion.training.episodes import greedy, run_episodes, unsquash
from tests.training.toy import ENV_ID, N_STEPS, Toy


def test_an_int8_policys_actions_are_those_of_the_deployed_one_to_the_bit() -> None:
    space = gym.spaces.Box(-0.4, 0.4, (3,), np.float32)  # Humanoid's: no binary fraction
    means = np.random.default_rng(1).integers(-128, 128, (2_000, 3))
    head = TanhHead(exponent=-5, low=tuple(space.low.tolist()), high=tuple(space.high.tolist()))
    network = nn.Linear(3, 3)
    with torch.no_grad():
        network.weight.copy_(torch.eye(3) * 2.0**-5)
        network.bias.zero_()
    actions = greedy(network, space)(means.astype(np.float32))
    np.testing.assert_array_equal(actions, head.act(means))


def test_an_episode_depends_on_its_seed_and_not_on_its_neighbours() -> None:
    torch.manual_seed(3)
    network = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 1)).double()
    policy = greedy(network, Toy.action_space)
    together = run_episodes(ENV_ID, policy, 7, 50)
    alone = [run_episodes(ENV_ID, policy, 1, 50 + i).returns[0] for i in range(7)]
    np.testing.assert_array_equal(together.returns, alone)


def test_a_fall_is_an_end_before_the_time_limit() -> None:
    still = run_episodes(ENV_ID, lambda o: np.zeros((len(o), 1), np.float32), 3, 0)
    pushing = run_episodes(ENV_ID, lambda o: unsquash(np.ones((len(o), 1)), Toy.action_space), 3, 0)
    assert not still.fell.any() and pushing.fell.all()
    recorded = pushing.to_json()
    assert recorded["falls"] == recorded["episodes"] == 3 and N_STEPS == 25
    assert recorded["return_min"] == min(recorded["returns"])


def test_episodes_without_an_end_are_an_error_and_not_a_wait() -> None:
    with pytest.raises(ConfigError, match="2 of 2 episodes go on after 5 steps; register it with max"):
        run_episodes(ENV_ID, lambda o: np.zeros((len(o), 1), np.float32), 2, 0, most_steps=5)
