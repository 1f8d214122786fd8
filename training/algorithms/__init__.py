"""The algorithms, each behind the port in `port`; a new one is a module of its own and a line here."""

import functools
from collections.abc import Callable

from ganglion.models.build.errors import ConfigError
from ganglion.training.algorithms.dqn import new_dqn
from ganglion.training.algorithms.port import Learner
from ganglion.training.algorithms.ppo import new_ppo
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.algorithms.td3 import Ddpg, new_td3
from ganglion.training.config import TrainConfig
from ganglion.training.envs import is_stack, make_env


def _new_trpo(config: TrainConfig, seed: int) -> Learner:
    """Return what `trpo.new_trpo` does; ConfigError where sb3-contrib, an extra, is not installed."""
    try:
        from ganglion.training.algorithms.trpo import new_trpo
    except ModuleNotFoundError as error:
        if error.name != "sb3_contrib":
            raise
        raise ConfigError(
            "algorithm = 'trpo' needs the package sb3-contrib, which is not installed; "
            "install ganglion[trpo] (docs/installing.md)"
        ) from None
    return new_trpo(config, seed)


ALGORITHMS: dict[str, Callable[[TrainConfig, int], Learner]] = {
    "ddpg": functools.partial(new_td3, kind=Ddpg),
    "dqn": new_dqn,
    "ppo": new_ppo,
    "sac": new_sac,
    "td3": new_td3,
    "trpo": _new_trpo,
}
"""By the name that a configuration gives: from it and a seed to a learner that knows nothing."""
_OF_FRAMES = "dqn"


def new_learner(config: TrainConfig, seed: int) -> Learner:
    """Return a new learner of the configuration's algorithm; an unknown one raises ConfigError."""
    if config.algorithm not in ALGORITHMS:
        raise ConfigError(f"algorithm = {config.algorithm!r}; known: {', '.join(sorted(ALGORITHMS))}")
    if config.algorithm != _OF_FRAMES and is_stack(make_env(config.env_id).observation_space):
        raise ConfigError(
            f"algorithm = {config.algorithm!r}: {config.env_id} shows frames, which only {_OF_FRAMES} reads"
        )
    return ALGORITHMS[config.algorithm](config, seed)
