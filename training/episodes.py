"""Deterministic episodes: what a policy reaches from given seeds, however many are run side by side."""

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.environments import is_game
from ganglion.models.spec.heads import between
from ganglion.training.envs import FloatArray, make_env
from ganglion.training.statistics import Statistics

Policy = Callable[[FloatArray], NDArray[Any]]
"""Observations [n, observation] → the environment's actions: [n, action] float32, or [n] of discrete ones."""

MILESTONE_SEEDS, CONFIRM_SEEDS, TEST_SEEDS = 10_000, 20_000, 40_000
"""Where the seeds of an evaluation begin: disjoint ranges, so that none judges the policy that it chose."""

_SAY_EVERY_S = 20.0
_MOST_STEPS = 100_000
"""More than three times those of a game that is not lost, Gymnasium's longest episodes."""

log = logging.getLogger(__name__)

TEST_EPISODES = 100
"""Enough to see a policy fall that falls in every thirtieth episode: 97 times of 100."""
TEST_GAMES = 20
"""Whole games of Atari, each of some thousand steps."""


def n_test_episodes(env_id: str) -> int:
    """Return how many episodes put a policy to the test."""
    return TEST_GAMES if is_game(env_id) else TEST_EPISODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Episodes of one policy, reset with seeds from `first_seed` on."""

    first_seed: int
    returns: NDArray[np.float64]
    """[episodes], undiscounted."""
    fell: NDArray[np.bool_]
    """[episodes]: whether the environment ended the episode before its time limit; games do not fall."""

    @property
    def figures(self) -> dict[str, Any]:
        """What every record says of them."""
        return {
            "return_mean": float(self.returns.mean()),
            "return_std": float(self.returns.std()),
            "return_min": float(self.returns.min()),
            "falls": int(self.fell.sum()),
            "episodes": len(self.returns),
            "first_seed": self.first_seed,
        }

    def to_json(self) -> dict[str, Any]:
        """Return what result.json holds."""
        statistics = Statistics.of(self.returns).to_json()
        return statistics | self.figures | {"returns": self.returns.tolist()}


def run_episodes(
    env_id: str,
    policy: Policy,
    n_episodes: int,
    first_seed: int,
    keep: Callable[[NDArray[np.bool_]], None] | None = None,
    most_steps: int = _MOST_STEPS,
) -> Episodes:
    """Return the episodes of `policy`, stepped as one batch; ConfigError if one goes on after `most_steps`.

    A policy with a memory is told by `keep`, after each step, which rows of its last batch go on: [n] bool.
    """
    envs = [make_env(env_id) for _ in range(n_episodes)]
    observations = np.stack([env.reset(seed=first_seed + i)[0] for i, env in enumerate(envs)])
    returns, fell, running = np.zeros(n_episodes), np.zeros(n_episodes, bool), np.arange(n_episodes)
    said_s = time.monotonic()
    for step in itertools.count():
        if not running.size:
            break
        if step == most_steps:
            raise ConfigError(
                f"{env_id}: {running.size} of {n_episodes} episodes go on after {step:,} steps; register it "
                "with max_episode_steps"
            )
        if time.monotonic() - said_s > _SAY_EVERY_S:
            said_s = time.monotonic()
            log.info("%s: step %s, %d of %d episodes go on", env_id, f"{step:,}", running.size, n_episodes)
        still_running = []
        for i, action in zip(running, policy(observations[running]), strict=True):
            observations[i], reward, fell[i], truncated, _ = envs[i].step(action)
            returns[i] += float(reward)
            if not (fell[i] or truncated):
                still_running.append(i)
        if keep is not None:
            keep(np.isin(running, still_running))
        running = np.array(still_running, dtype=int)
    for env in envs:
        env.close()
    return Episodes(first_seed=first_seed, returns=returns, fell=fell & (not is_game(env_id)))


def watched(policy: Policy, every: int = 1) -> tuple[Policy, list[FloatArray]]:
    """Return the policy, and a list to which it adds the observations of every so many of its steps."""
    seen: list[FloatArray] = []
    step = itertools.count()

    def act(observations: FloatArray) -> NDArray[Any]:
        if next(step) % every == 0:
            seen.append(observations.copy())
        return policy(observations)

    return act, seen


def greedy(network: nn.Module, space: gym.Space[Any]) -> Policy:
    """Return the policy that takes the best action by a network's output: [n, *observation] → [n, output].

    The output is the mean before tanh of real actions, or the value of each discrete one; of equal ones the
    first wins. tanh and scaling are in float64, as `models.spec.heads.TanhHead` has them: one unit in
    the last place of an action makes another episode of it. For the same reason a float network should be of
    float64, whose rounded actions do not depend on the batch; integers are exact in any. Packed int8 kernels,
    which show no parameters, take float32.
    """
    dtype = next((parameter.dtype for parameter in network.parameters()), torch.float32)

    @torch.no_grad()
    def act(observations: FloatArray) -> NDArray[Any]:
        output = network(torch.from_numpy(observations).to(dtype)).double().numpy()
        return (
            output.argmax(1) if isinstance(space, gym.spaces.Discrete) else unsquash(np.tanh(output), space)
        )

    return act


def unsquash(squashed: NDArray[np.float64], space: gym.Space[Any]) -> FloatArray:
    """Return the environment's actions: [n, action] in [-1, 1] → [n, action] between the space's bounds."""
    assert isinstance(space, gym.spaces.Box)
    return between(squashed, space.low.astype(np.float64), space.high.astype(np.float64))
