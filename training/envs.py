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


def make_env(env_id: str) -> gym.Env[FloatArray, Any]:
    """Return the environment with float32 observations.

    Raises ConfigError when it is unknown, its observations are no vectors of real numbers, or its actions
    neither such vectors nor numbers from 0.
    """
    env = make(env_id)
    _require("observations", env_id, env.observation_space, is_supported=_is_vector(env.observation_space))
    require_actions(env_id, env.action_space, gym.spaces.Box, gym.spaces.Discrete)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that infinite bounds lose precision as float32
        return DtypeObservation(env, np.float32)


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
