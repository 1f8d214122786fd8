"""Gymnasium's environments: made in silence, and held against a policy."""

import logging
import warnings
from typing import Any

import gymnasium
import mujoco
import numpy as np

from ganglion.models.build.errors import ConfigError
from ganglion.models.spec.policy import PolicySpec

log = logging.getLogger(__name__)


def is_known(env_id: str) -> bool:
    """Return whether an environment of this id is registered in Gymnasium."""
    try:
        gymnasium.spec(env_id)
    except gymnasium.error.Error:
        return False
    return True


def make(env_id: str) -> "gymnasium.Env[Any, Any]":
    """Return what `gymnasium.make` does, with none of the remarks on its age; ConfigError if it makes none.

    gymnasium warns that v4, the literature's version, is old; mujoco 4.0.0 that gymnasium's models say
    things in an old way, on stdout and in MUJOCO_LOG.TXT.
    """
    mujoco.set_mju_user_warning(log.debug)  # pyright: ignore[reportAttributeAccessIssue]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return gymnasium.make(env_id)
        except (gymnasium.error.Error, ImportError) as error:  # the old v2 and v3 raise the latter
            raise ConfigError(f"environment {env_id!r}: {error}") from None


def require_fits(spec: PolicySpec, env: "gymnasium.Env[Any, Any]") -> None:
    """Raise ConfigError unless the environment's observations, actions and their bounds are the policy's.

    To be asked before a policy acts in it. `select_policy` asks of environments that Gymnasium knows, the
    closed loop before its episodes.
    """
    n_obs, n_act = spec.observation_features, len(spec.action.low)
    observations, actions = env.observation_space, env.action_space
    if not isinstance(observations, gymnasium.spaces.Box) or observations.shape != (n_obs,):
        raise ConfigError(
            f"{spec.env}: the policy reads {n_obs} real numbers, the environment gives {observations}"
        )
    if not isinstance(actions, gymnasium.spaces.Box) or actions.shape != (n_act,):
        raise ConfigError(
            f"{spec.env}: the policy gives {n_act} real numbers, the environment takes {actions}"
        )
    bounds = (("low", spec.action.low, actions.low), ("high", spec.action.high, actions.high))
    for name, ours, theirs in bounds:
        for index in np.flatnonzero(np.array(ours, dtype=np.float32) != theirs):
            raise ConfigError(
                f"{spec.env}: action {index}: the policy's {name} is {ours[index]:g}, "
                f"the environment's {theirs[index]:g}"
            )
