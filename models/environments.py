"""Gymnasium's environments: made in silence, and held against a policy."""

import importlib
import logging
import warnings
from typing import Any

import gymnasium
import mujoco
import numpy as np

from ganglion.models.build.errors import ConfigError
from ganglion.models.spec.heads import ActionHead, ArgmaxHead, TanhHead
from ganglion.models.spec.policy import Pixels, PolicySpec

log = logging.getLogger(__name__)

_GAME = "NoFrameskip-v4"


def is_known(env_id: str) -> bool:
    """Return whether Gymnasium has an environment of this id: Atari's games, and `module:Id`, included."""
    if is_game(env_id):
        try:
            _require_game(env_id)
        except ConfigError:
            return False
    module, _, registered = env_id.rpartition(":")
    try:
        if module:
            importlib.import_module(module)  # which registers it
        gymnasium.spec(registered)
    except (gymnasium.error.Error, ImportError):
        return False
    return True


def is_game(env_id: str) -> bool:
    """Return whether an id is that of an Atari game, frame by frame: PongNoFrameskip-v4."""
    return env_id.endswith(_GAME)


def _require_game(env_id: str) -> None:
    """Register Atari's games; raise ConfigError where ale-py is missing or has no such game."""
    try:
        import ale_py
    except ImportError:
        raise ConfigError(
            f"environment {env_id!r} needs ale-py, of ganglion[games], which brings the games' ROMs"
        ) from None
    gymnasium.register_envs(ale_py)
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)  # not the banner of every game made
    names = (name.removesuffix(_GAME) for name in gymnasium.registry if is_game(name))
    known = sorted(name for name in names if "-" not in name)  # Pong-ram is no game of its own
    if env_id.removesuffix(_GAME) not in known:
        raise ConfigError(
            f"environment {env_id!r}: no such game among the ROMs that ale-py ships; known, each before "
            f"{_GAME}: {', '.join(known)}"
        )


def make(env_id: str) -> "gymnasium.Env[Any, Any]":
    """Return what `gymnasium.make` does, with none of the remarks on its age; ConfigError if it makes none.

    gymnasium warns that v4, the literature's version, is old; mujoco 4.0.0 that gymnasium's models say
    things in an old way, on stdout and in MUJOCO_LOG.TXT.
    """
    if is_game(env_id):
        _require_game(env_id)
    mujoco.set_mju_user_warning(log.debug)  # pyright: ignore[reportAttributeAccessIssue]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return gymnasium.make(env_id)
        except (gymnasium.error.Error, ImportError) as error:  # the old v2 and v3 raise the latter
            raise ConfigError(f"environment {env_id!r}: {error}") from None


def make_shown(env_id: str) -> "gymnasium.Env[Any, Any]":
    """Return an environment as policies see it: a whole game in stacks of frames, any other as it is."""
    if is_game(env_id):
        from ganglion.models.games import make_game  # and with it stable-baselines3

        return make_game(env_id)
    return make(env_id)


def head_for(env: "gymnasium.Env[Any, Any]", exponent: int) -> ActionHead:
    """Return the head that acts in the environment; ConfigError if its actions are of another kind."""
    space = env.action_space
    if isinstance(space, gymnasium.spaces.Discrete) and space.start == 0:
        return ArgmaxHead(exponent=exponent, n_actions=int(space.n))
    if isinstance(space, gymnasium.spaces.Box) and len(space.shape) == 1:
        low, high = (tuple(bound.astype(float).tolist()) for bound in (space.low, space.high))
        return TanhHead(exponent=exponent, low=low, high=high)
    raise ConfigError(f"actions {space}: supported are real vectors, and numbers from 0")


def require_fits(spec: PolicySpec, env: "gymnasium.Env[Any, Any]") -> None:
    """Raise ConfigError unless the environment's observations, actions and their bounds are the policy's.

    env: by `make_shown`. To be asked before a policy acts in it. `select_policy` asks of environments that
    Gymnasium knows, the closed loop before its episodes.
    """
    n_obs, observations = spec.observation_features, env.observation_space
    is_pixels = isinstance(spec.normalizer, Pixels)
    shape = spec.normalizer.shape if isinstance(spec.normalizer, Pixels) else (n_obs,)
    if not isinstance(observations, gymnasium.spaces.Box) or observations.shape != shape:
        reads = f"pixels {' x '.join(map(str, shape))}" if is_pixels else f"{n_obs} real numbers"
        raise ConfigError(f"{spec.env}: the policy reads {reads}, the environment gives {observations}")
    ours, theirs = spec.action, head_for(env, spec.action.exponent)
    if ours.kind != theirs.kind or ours.n_outputs != theirs.n_outputs:
        raise ConfigError(
            f"{spec.env}: the policy's head is {ours.kind} over {ours.n_outputs} values, "
            f"the environment takes {env.action_space}"
        )
    if isinstance(ours, TanhHead) and isinstance(theirs, TanhHead):
        for name in ("low", "high"):
            _require_equal_bounds(f"{spec.env}: {name}", getattr(ours, name), getattr(theirs, name))


def _require_equal_bounds(where: str, ours: tuple[float, ...], theirs: tuple[float, ...]) -> None:
    differ = np.flatnonzero(np.array(ours, dtype=np.float32) != np.array(theirs, dtype=np.float32))
    for index in differ:
        raise ConfigError(
            f"{where} of action {index}: the policy's is {ours[index]:g}, the environment's {theirs[index]:g}"
        )
