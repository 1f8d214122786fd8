"""Environments as the policy sees them: float32 observations, vectors only."""

import warnings
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import DtypeObservation
from numpy.typing import NDArray

from ganglion.models.build.errors import ConfigError
from ganglion.models.environments import make

FloatArray = NDArray[np.float32]


def make_env(env_id: str) -> gym.Env[FloatArray, FloatArray]:
    """Return the environment with float32 observations.

    Raises ConfigError when it is unknown, or its observations or actions are no vectors of real numbers.
    """
    env = make(env_id)
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
