"""Gymnasium's environments, made in silence."""

import logging
import warnings
from typing import Any

import gymnasium
import mujoco

log = logging.getLogger(__name__)


def make(env_id: str) -> "gymnasium.Env[Any, Any]":
    """Return what `gymnasium.make` does, whose errors it raises, with none of the remarks on its age.

    gymnasium warns that v4, the literature's version, is old; mujoco 4.0.0 that gymnasium's models say
    things in an old way, on stdout and in MUJOCO_LOG.TXT.
    """
    mujoco.set_mju_user_warning(log.debug)  # pyright: ignore[reportAttributeAccessIssue]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gymnasium.make(env_id)
