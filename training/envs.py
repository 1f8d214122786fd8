"""Environments as the policy sees them: float32 observations, actions in [-1, 1], batched evaluation."""

import warnings
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import DtypeObservation
from numpy.typing import NDArray

from ganglion.models.build.errors import ConfigError
from ganglion.models.environments import make

FloatArray = NDArray[np.float32]
Policy = Callable[[FloatArray], FloatArray]


def make_env(env_id: str) -> gym.Env[FloatArray, FloatArray]:
    """Return the environment with float32 observations.

    Raises ConfigError when it is unknown, or its observations or actions are no vectors of real numbers.
    """
    try:
        env = make(env_id)
    except gym.error.Error as error:
        raise ConfigError(f"env_id = {env_id!r}: {error}") from None
    for what, space in (("observations", env.observation_space), ("actions", env.action_space)):
        if not isinstance(space, gym.spaces.Box) or len(space.shape) != 1:
            raise ConfigError(
                f"env_id = {env_id!r}: its {what} are {_described(space)}; "
                "supported: vectors of real numbers, Box(n,)"
            )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that infinite bounds lose precision as float32
        return DtypeObservation(env, np.float32)


def _described(space: gym.Space[Any]) -> str:
    """Return a space in few words: Box(84, 84, 3), Discrete, Dict."""
    name = type(space).__name__
    return f"{name}{space.shape}" if isinstance(space, gym.spaces.Box) else name


def episode_returns(env_id: str, policy: Policy, n_episodes: int, first_seed: int) -> NDArray[np.float64]:
    """Return the undiscounted returns [n_episodes] of episodes reset with seeds from `first_seed` on.

    `policy` maps observations [n, observation] to actions [n, action] in [-1, 1]; the episodes that run step
    as one batch.
    """
    envs = [make_env(env_id) for _ in range(n_episodes)]
    space = envs[0].action_space
    assert isinstance(space, gym.spaces.Box)
    half, middle = (space.high - space.low) / 2, (space.high + space.low) / 2
    observations = np.stack([env.reset(seed=first_seed + i)[0] for i, env in enumerate(envs)])
    returns, running = np.zeros(n_episodes), np.arange(n_episodes)
    while running.size:
        actions = middle + half * policy(observations[running])
        still_running = []
        for i, action in zip(running, actions, strict=True):
            observations[i], reward, terminated, truncated, _ = envs[i].step(action)
            returns[i] += float(reward)
            if not (terminated or truncated):
                still_running.append(i)
        running = np.array(still_running, dtype=int)
    for env in envs:
        env.close()
    return returns
