"""What stable-baselines3's off-policy algorithms share: their settings, and what they have seen lately."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer

from ganglion.training.config import TrainConfig


def off_policy_arguments(config: TrainConfig, seed: int, n_envs: int = 1) -> dict[str, Any]:
    """Return what every off-policy algorithm's constructor takes beside its policy and environments."""
    return {
        "learning_rate": config.learning_rate,
        "buffer_size": config.buffer_size,
        "learning_starts": config.learning_starts,
        "batch_size": config.batch_size,
        "tau": config.tau,
        "gamma": config.gamma,
        "train_freq": config.rollout_steps // n_envs,
        "gradient_steps": config.updates_per_rollout,
        "seed": seed,
        "device": "cpu",
    }


def latest_observations(buffer: ReplayBuffer | None, count: int) -> NDArray[np.float32]:
    """Return up to `count` observations [n, *observation], the latest of a buffer, the very latest last."""
    assert buffer is not None
    n_steps = min(buffer.size(), -(-count // buffer.n_envs))
    found = buffer.observations[np.arange(buffer.pos - n_steps, buffer.pos)]
    return found.reshape(-1, *found.shape[2:])[-count:].astype(np.float32)
