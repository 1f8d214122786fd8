"""Environments as the policy sees them: float32 vectors, or stacks of a game's frames."""

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import DtypeObservation
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

from ganglion.models.build.errors import ConfigError
from ganglion.models.environments import is_game, make
from ganglion.training.config import TrainConfig

FloatArray = NDArray[np.float32]

LEAST_FRAME = 36
"""Rows and columns that the three convolutions of Mnih et al. 2015 need."""


def make_env(env_id: str, *, training: bool = False) -> gym.Env[Any, Any]:
    """Return the environment with float32 observations, or stacks of frames as they are.

    A game of Atari is as `models.games` shows it. In `training` its episodes are lives and its
    rewards clipped; else they are whole games with their real scores. Raises ConfigError when the environment
    is unknown, its observations are neither vectors of real numbers nor stacks of uint8 frames, or its
    actions neither such vectors nor numbers from 0.
    """
    if is_game(env_id):
        from ganglion.models.games import make_game

        return make_game(env_id, training=training)
    env = make(env_id)
    if is_stack(env.observation_space):
        return env
    _require("observations", env_id, env.observation_space, is_supported=_is_vector(env.observation_space))
    require_actions(env_id, env.action_space, gym.spaces.Box, gym.spaces.Discrete)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that infinite bounds lose precision as float32
        return DtypeObservation(env, np.float32)


def training_envs(config: TrainConfig, n_envs: int, *kinds: type[gym.Space[Any]]) -> DummyVecEnv:
    """Return a run's environments, to be stepped side by side.

    ConfigError unless its algorithm takes their actions, which are of these kinds.
    """
    env = DummyVecEnv([lambda: Monitor(make_env(config.env_id, training=True))] * n_envs)
    require_actions(config.env_id, env.action_space, *kinds, algorithm=config.algorithm)
    return env


def require_actions(
    env_id: str, space: gym.Space[Any], *kinds: type[gym.Space[Any]], algorithm: str | None = None
) -> None:
    """Raise ConfigError unless the actions are of one of these kinds: vectors, or numbers from 0.

    algorithm: the one that takes only these.
    """
    fits = _is_vector(space) or (isinstance(space, gym.spaces.Discrete) and space.start == 0)
    names = {gym.spaces.Box: _VECTORS, gym.spaces.Discrete: "numbers from 0, Discrete(n)"}
    _require(
        "actions",
        env_id,
        space,
        is_supported=fits and isinstance(space, kinds),
        supported=", ".join(names[kind] for kind in kinds),
        algorithm=algorithm,
    )
    if isinstance(space, gym.spaces.Box) and not space.is_bounded():
        raise ConfigError(
            f"env_id = {env_id!r}: its actions have no bounds, which the tanh of a policy fills; give them "
            "some, by gymnasium's RescaleAction for instance"
        )


def is_stack(space: gym.Space[Any]) -> bool:
    """Return whether observations are stacks of gray frames, [n, height, width] uint8, for a convolution."""
    return (
        isinstance(space, gym.spaces.Box)
        and space.dtype == np.uint8
        and len(space.shape) == 3
        and min(space.shape[1:]) >= LEAST_FRAME
    )


_VECTORS = "vectors of real numbers, Box(n,)"


def _is_vector(space: gym.Space[Any]) -> bool:
    return isinstance(space, gym.spaces.Box) and len(space.shape) == 1


def _require(
    what: str,
    env_id: str,
    space: gym.Space[Any],
    *,
    is_supported: bool,
    supported: str = _VECTORS,
    algorithm: str | None = None,
) -> None:
    if not is_supported:
        by = "" if algorithm is None else f" by {algorithm}"
        raise ConfigError(
            f"env_id = {env_id!r}: its {what} are {_described(space)}; supported{by}: {supported}"
        )


def _described(space: gym.Space[Any]) -> str:
    """Return a space in few words: Box(84, 84, 3), Discrete, Dict."""
    name = type(space).__name__
    return f"{name}{space.shape}" if isinstance(space, gym.spaces.Box) else name
