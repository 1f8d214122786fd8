"""The run's checkpoint that a student learns from: whether it is another network, and of this environment."""

from pathlib import Path

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.training.config import TrainConfig
from ganglion.training.run import Run

DENSE_FRACTION = 0.25
"""Of the steps before int8, those in which a student that starts at random imitates before it is pruned."""


def is_copy(config: TrainConfig, teacher: TrainConfig) -> bool:
    """Return whether a student can start as its teacher's copy: both have the same network."""
    networks = [(each.hidden, None if each.dqn is None else each.dqn.network) for each in (config, teacher)]
    return networks[0] == networks[1]


def dense_steps(config: TrainConfig, checkpoint: Path, steps: int) -> int:
    """Return the steps before a student of that checkpoint is pruned: none for a copy."""
    alike = is_copy(config, Run.of(checkpoint).config)
    return 0 if alike else config.whole_rollouts(DENSE_FRACTION * steps)


def require_teacher(config: TrainConfig, checkpoint: Path) -> None:
    """Raise ConfigError unless a checkpoint's policy acts in the student's environment, by its algorithm."""
    taught = Run.of(checkpoint).config
    if taught.env_id != config.env_id:
        raise ConfigError(f"{checkpoint} is of {taught.env_id}; the student acts in {config.env_id}")
    require_algorithm(config, taught, str(checkpoint))
    normalized = [each.on_policy and each.on_policy.normalize for each in (taught, config)]
    if normalized[0] != normalized[1]:
        raise ConfigError(
            f"{checkpoint} was trained with normalize = {normalized[0]}, the student has {normalized[1]}: "
            "both must see the same observations"
        )


def require_algorithm(config: TrainConfig, parent: TrainConfig, origin: str) -> None:
    """Raise ConfigError unless what goes on from a checkpoint, `origin`, learns by its algorithm."""
    if parent.algorithm != config.algorithm:
        raise ConfigError(
            f"{origin} is of {parent.algorithm}, this run learns by {config.algorithm}; "
            f"give {spelled('algorithm', parent.algorithm)}"
        )
