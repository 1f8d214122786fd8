"""What stable-baselines3's off-policy algorithms share behind the port: settings, actor, what they saw."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from torch import nn

from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms.actor_layers import actor_layers
from ganglion.training.algorithms.port import Arrays
from ganglion.training.checkpoint import Checkpoint
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


class ReplayLearner(OffPolicyAlgorithm):
    """An actor-critic that learns from a replay buffer, as far as SAC and TD3 are alike as `port.Learner`."""

    standardizer: None = None
    architecture: None = None

    def layers(self) -> list[nn.Linear]:
        """Return the actor's layers."""
        return actor_layers(self.policy)

    def latest_observations(self, count: int) -> NDArray[np.float32]:
        """Return up to `count` observations [n, observation], the latest in the replay buffer."""
        return latest_observations(self.replay_buffer, count)

    def network_arrays(self) -> Arrays:
        """Return copies of the actor's networks."""
        return ckpt.named({"actor": ckpt.module_arrays(self.actor)})

    def load_network(self, checkpoint: Checkpoint) -> None:
        """Put the actor that `network_arrays` returned back."""
        ckpt.load_module(self.actor, checkpoint.group("actor"))
