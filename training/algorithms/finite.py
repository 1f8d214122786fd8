"""What is not finite stops a run, in one line that names the step."""

from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike
from torch import nn

from ganglion.models.build.errors import TrainingError


def is_finite(module: nn.Module) -> bool:
    """Return whether every parameter is."""
    return all(bool(parameter.sum().isfinite()) for parameter in module.parameters())


def require_finite_step(step: int, observation: ArrayLike, reward: ArrayLike) -> None:
    """Raise TrainingError unless all that the environment gave in a step is finite."""
    if not (np.isfinite(observation).all() and np.isfinite(reward).all()):
        stop(step, "the environment's observation or reward is not finite")


def stop(step: int, why: str) -> NoReturn:
    """Raise TrainingError."""
    raise TrainingError(f"step {step:,}: {why}")
