"""The algorithms, each behind the port in `port`; a new one is a module of its own and a line here."""

from collections.abc import Callable

from ganglion.models.build.errors import ConfigError
from ganglion.training.algorithms.dqn import new_dqn
from ganglion.training.algorithms.port import Learner
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.config import TrainConfig

ALGORITHMS: dict[str, Callable[[TrainConfig, int], Learner]] = {"dqn": new_dqn, "sac": new_sac}
"""By the name that a configuration gives: from it and a seed to a learner that knows nothing."""


def new_learner(config: TrainConfig, seed: int) -> Learner:
    """Return a new learner of the configuration's algorithm; an unknown one raises ConfigError."""
    if config.algorithm not in ALGORITHMS:
        raise ConfigError(f"algorithm = {config.algorithm!r}; known: {', '.join(sorted(ALGORITHMS))}")
    return ALGORITHMS[config.algorithm](config, seed)
