"""DQN behind the port: what training asks of any algorithm."""

import copy
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.dqn.policies import DQNPolicy

from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms.double_dqn import DoubleDqn, values_of
from ganglion.training.algorithms.frame_buffer import FrameBuffer
from ganglion.training.algorithms.port import Arrays, Teacher
from ganglion.training.algorithms.replay import latest_observations, off_policy_arguments
from ganglion.training.algorithms.value_network import EXTRACTORS, DuelingPolicy
from ganglion.training.checkpoint import FRAMES, Checkpoint
from ganglion.training.config import TrainConfig
from ganglion.training.dqn_config import DqnConfig
from ganglion.training.envs import training_envs


class Dqn(DoubleDqn):
    """DQN, or while it has a teacher its imitation, as `ganglion.training.algorithms.port.Learner`."""

    algorithm: ClassVar[str] = "DQN"
    standardizer: None = None

    def latest_observations(self, count: int) -> NDArray[np.float32]:
        """Return up to `count` observations [n, observation], the latest in the replay buffer."""
        if isinstance(self.replay_buffer, FrameBuffer):
            return self.replay_buffer.latest(count).astype(np.float32)
        return latest_observations(self.replay_buffer, count)

    def arrays(self) -> Arrays:
        """Return copies of the networks, optimizer, replay buffer and counters."""
        groups = {
            "target": ckpt.module_arrays(self.q_net_target),
            "adam": ckpt.adam_arrays(self.policy.optimizer),
            **self._experience(),
            "counters": {"n_explored": np.array(self.n_explored), "n_calls": np.array(self._n_calls)},
        }
        return self.network_arrays() | ckpt.named(groups)

    def _experience(self) -> dict[str, Arrays]:
        """Return the replay buffer, whose frames a checkpoint keeps in a file of their own."""
        if isinstance(self.replay_buffer, FrameBuffer):
            return {FRAMES: self.replay_buffer.arrays()}
        return {"replay": ckpt.buffer_arrays(self.replay_buffer)}

    def load_arrays(self, checkpoint: Checkpoint) -> None:
        """Put what `arrays` returned back, frames only where there are some; `act_through` must follow."""
        self.load_network(checkpoint)
        ckpt.load_module(self.q_net_target, checkpoint.group("target"))
        ckpt.load_adam(self.policy.optimizer, checkpoint.adam("adam"))
        if not isinstance(self.replay_buffer, FrameBuffer):
            ckpt.load_buffer(self.replay_buffer, checkpoint.group("replay"))
        elif checkpoint.holds(FRAMES):
            self.replay_buffer.load_arrays(checkpoint.group(FRAMES))
        counters = checkpoint.group("counters")
        self._n_calls = int(counters["n_calls"])
        self.explored(int(counters["n_explored"]))

    def network_arrays(self) -> Arrays:
        """Return copies of the online network."""
        return ckpt.named({"q_net": ckpt.module_arrays(self.q_net)})

    def load_network(self, checkpoint: Checkpoint) -> None:
        """Put the network that `network_arrays` returned back; it has explored enough."""
        ckpt.load_module(self.q_net, checkpoint.group("q_net"))
        self.explored(self.settings.exploration_steps)

    def as_teacher(self) -> Teacher:
        """Return the values that the network gives now, whatever becomes of it later; noise is not used."""
        network, bfloat16 = copy.deepcopy(self.q_net).requires_grad_(False), self.settings.bfloat16
        return lambda observation, _noise: values_of(network, observation, bfloat16=bfloat16)

    def status(self) -> dict[str, float]:
        """Return the fraction of random actions."""
        return {"exploration": self.exploration_rate}


def new_dqn(config: TrainConfig, seed: int) -> Dqn:
    """Return a learner with random networks and an empty replay buffer."""
    settings = config.dqn
    assert settings is not None
    env = training_envs(config, settings.n_envs, spaces.Discrete)
    model = Dqn(
        DuelingPolicy if settings.dueling else DQNPolicy,
        env,
        target_update_interval=settings.target_update_steps,
        max_grad_norm=settings.max_grad_norm,
        **off_policy_arguments(config, seed, settings.n_envs),
        **_of_observations(env.observation_space, config, settings),
    )
    model.settings, model.least_experience = settings, config.learning_starts
    return model


def _of_observations(space: spaces.Space[Any], config: TrainConfig, settings: DqnConfig) -> dict[str, Any]:
    """Return what depends on the observations, vectors or frames: networks and replay buffer."""
    if len(space.shape or ()) == 1:
        return {"n_steps": settings.n_steps, "policy_kwargs": {"net_arch": list(config.hidden)}}
    return {
        "replay_buffer_class": FrameBuffer,
        "replay_buffer_kwargs": {"n_steps": settings.n_steps, "gamma": config.gamma},
        "policy_kwargs": {
            "features_extractor_class": EXTRACTORS[settings.network],
            "features_extractor_kwargs": {"features_dim": config.hidden[0]},
            "net_arch": list(config.hidden[1:]),
            "normalize_images": False,
            "optimizer_kwargs": {"fused": True},  # a fifth of an update is Adam's otherwise
        },
    }
