"""TD3 and DDPG behind the port: stable-baselines3's updates of an actor that may be sparse and int8."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import TD3
from stable_baselines3.common.noise import NormalActionNoise
from torch import Tensor, nn

from ganglion.models.quant.calibration import Quantization
from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms.deployed import DeployedMlp
from ganglion.training.algorithms.finite import is_finite, require_finite_step, stop
from ganglion.training.algorithms.port import Arrays, Teacher
from ganglion.training.algorithms.replay import ReplayLearner, off_policy_arguments
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import TrainConfig
from ganglion.training.envs import training_envs


class Td3(ReplayLearner, TD3):
    """TD3, or while it has a teacher its imitation, as `ganglion.training.algorithms.port.Learner`.

    Actor and target actor act through the same scales and masks.
    """

    algorithm: ClassVar[str] = "TD3"
    quantization: Quantization | None = None
    teacher: Teacher | None = None
    _actor: DeployedMlp
    _target: DeployedMlp

    def _setup_model(self) -> None:
        super()._setup_model()
        self._actor, self._target = (_deploy(actor) for actor in (self.actor, self.actor_target))

    def masks(self) -> list[Tensor] | None:
        """Return the masks [out, in] of those layers, or None while every weight is free."""
        return self._actor.masks

    def set_masks(self, masks: Sequence[Tensor]) -> None:
        """Hold weights where their mask [out, in] is 0 at zero from now on."""
        self._actor.set_masks(masks, self.actor.optimizer)
        self._target.set_masks(masks, None)

    def act_through(self, quantization: Quantization | None) -> None:
        """Act and learn through these scales from now on; the float parameters stay."""
        self.quantization = quantization
        self._actor.act_through(quantization)
        self._target.act_through(quantization)

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Do `gradient_steps` updates, of TD3 or of imitation; TrainingError if a parameter is not finite."""
        if self.teacher is None:
            super().train(gradient_steps, batch_size)
        else:
            self._imitate(gradient_steps, batch_size)
        self._actor.constrain()
        if not is_finite(self.policy):
            stop(self.num_timesteps, "a parameter is not finite; a lower learning_rate may help")

    def _imitate(self, gradient_steps: int, batch_size: int) -> None:
        """Bring the actor's actions to the teacher's on the states that it visited (DAgger)."""
        assert self.replay_buffer is not None
        assert self.teacher is not None
        self._update_learning_rate(self.actor.optimizer)
        for _ in range(gradient_steps):
            seen = self.replay_buffer.sample(batch_size).observations
            loss = nn.functional.mse_loss(self.actor(seen), self.teacher(seen, torch.zeros(())))
            self.actor.optimizer.zero_grad()
            loss.backward()
            self.actor.optimizer.step()
        self._target.load_state_dict(self._actor.state_dict())

    def gradients(self, n_batches: int) -> list[Tensor]:
        """Return the mean gradient of the actor's loss over some batches of the replay buffer."""
        assert self.replay_buffer is not None
        seen = self.replay_buffer.sample(n_batches * self.batch_size).observations
        action = self.actor(seen)
        if self.teacher is None:
            loss = -self.critic.q1_forward(seen, action).mean()
        else:
            loss = nn.functional.mse_loss(action, self.teacher(seen, torch.zeros(())))
        return self._actor.weight_gradients(loss)

    def arrays(self) -> Arrays:
        """Return copies of the networks, optimizers, replay buffer and count of updates."""
        groups = {
            "actor_target": ckpt.module_arrays(self.actor_target),
            "critic": ckpt.module_arrays(self.critic),
            "critic_target": ckpt.module_arrays(self.critic_target),
            "adam_actor": ckpt.adam_arrays(self.actor.optimizer),
            "adam_critic": ckpt.adam_arrays(self.critic.optimizer),
            "replay": ckpt.buffer_arrays(self.replay_buffer),
            "counters": {"n_updates": np.array(self._n_updates)},
        }
        return self.network_arrays() | ckpt.named(groups)

    def load_arrays(self, checkpoint: Checkpoint) -> None:
        """Put what `arrays` returned back; `act_through` must follow."""
        self.load_network(checkpoint)
        ckpt.load_module(self.actor_target, checkpoint.group("actor_target"))
        ckpt.load_module(self.critic, checkpoint.group("critic"))
        ckpt.load_module(self.critic_target, checkpoint.group("critic_target"))
        ckpt.load_adam(self.actor.optimizer, checkpoint.adam("adam_actor"))
        ckpt.load_adam(self.critic.optimizer, checkpoint.adam("adam_critic"))
        ckpt.load_buffer(self.replay_buffer, checkpoint.group("replay"))
        self._n_updates = int(checkpoint.group("counters")["n_updates"])

    def as_teacher(self) -> Teacher:
        """Return the policy that the actor is now, whose noise is that of its exploration."""
        deviation = cast(NormalActionNoise, self.action_noise)._sigma
        return self._actor.as_teacher(torch.from_numpy(deviation).float())

    def status(self) -> dict[str, float]:
        """Return nothing: TD3 adapts no coefficient."""
        return {}

    def _sample_action(
        self, learning_starts: int, action_noise: Any = None, n_envs: int = 1
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return an action [1, action] for the environment and in [-1, 1]; the random ones are numpy's."""
        if self.num_timesteps >= learning_starts or self.teacher is not None:
            return super()._sample_action(0, action_noise, n_envs)
        scaled = np.random.uniform(-1, 1, (n_envs, *self.action_space.shape)).astype(np.float32)  # type: ignore[misc]
        return self.policy.unscale_action(scaled), scaled

    def _store_transition(
        self, replay_buffer: Any, buffer_action: Any, new_obs: Any, reward: Any, dones: Any, infos: Any
    ) -> None:
        require_finite_step(self.num_timesteps, new_obs, reward)
        super()._store_transition(replay_buffer, buffer_action, new_obs, reward, dones, infos)


class Ddpg(Td3):
    """Lillicrap et al. 2016, arXiv:1509.02971: TD3 with one critic, no delay and no noise on the target."""

    algorithm: ClassVar[str] = "DDPG"


def _deploy(actor: Any) -> DeployedMlp:
    """Put a deployable network into stable-baselines3's actor, which then is its tanh; return it."""
    network = DeployedMlp([layer for layer in actor.mu if isinstance(layer, nn.Linear)])
    actor.mu = nn.Sequential(network, nn.Tanh())
    return network


def new_td3(config: TrainConfig, seed: int, kind: type[Td3] = Td3) -> Td3:
    """Return a learner with random networks and an empty replay buffer."""
    settings = config.td3
    assert settings is not None
    env = training_envs(config, 1, spaces.Box)
    n_actions = cast(spaces.Box, env.action_space).shape[0]
    return kind(
        "MlpPolicy",
        env,
        policy_delay=settings.policy_delay,
        target_policy_noise=settings.target_noise,
        target_noise_clip=settings.target_noise_clip,
        action_noise=NormalActionNoise(
            np.zeros(n_actions), np.full(n_actions, settings.exploration_noise, np.float32)
        ),
        policy_kwargs={"net_arch": list(config.hidden), "n_critics": settings.n_critics},
        **off_policy_arguments(config, seed),
    )
