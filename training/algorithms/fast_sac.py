"""Stable-baselines3's SAC, update for update, about three times as fast on one CPU core.

The mathematics is SB3's (Haarnoja et al. 2018, arXiv:1812.05905); only its evaluation differs (`flat_mlp`).
SB3 itself saves and loads it; a plain SAC loads the file and goes on with it.
"""

from typing import Any, NamedTuple, cast

import numpy as np
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.type_aliases import RolloutReturn, TrainFreq
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.quant.calibration import Quantization
from ganglion.training.algorithms.finite import require_finite_step, stop
from ganglion.training.algorithms.flat_actor import FlatActor, FlatQuantActor
from ganglion.training.algorithms.flat_mlp import FlatCritics, FlatParameters


class Batch(NamedTuple):
    """Transitions: each [batch, width], or [n, batch, width] for n batches."""

    observation: Tensor
    next_observation: Tensor
    action: Tensor
    reward: Tensor
    discount: Tensor
    """gamma, or 0 where the episode truly ended (a time limit is no end)."""


class FastSac(SAC):
    """SAC with hand-written updates, of a plain actor or of one seen through the fixed-point scheme.

    One environment, ReLU networks, Adam, a learned entropy coefficient; anything else raises ConfigError.
    """

    quantization: Quantization | None = None
    flat_actor: FlatActor | None = None
    _critics: FlatCritics
    _targets: FlatCritics
    _entropy: FlatParameters

    def _setup_model(self) -> None:
        super()._setup_model()
        supported = {
            "n_envs = 1": self.n_envs == 1,
            "ent_coef = 'auto'": self.ent_coef_optimizer is not None,
            "no action_noise": self.action_noise is None,
            "use_sde = False": not self.use_sde,
            "n_steps = 1": type(self.replay_buffer) is ReplayBuffer,
            "activation_fn = ReLU": self.policy.activation_fn is nn.ReLU,
            "optimizer_class = Adam": self.policy.optimizer_class is torch.optim.Adam,
            "target_update_interval = 1": self.target_update_interval == 1,
        }
        for setting, holds in supported.items():
            if not holds:
                raise ConfigError(f"FastSac supports only {setting}; use stable_baselines3.SAC for the rest")

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "flat_actor", "_critics", "_targets", "_entropy"]

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, BaseCallback]:
        if self.flat_actor is None:
            self.bind()
        return super()._setup_learn(*args, **kwargs)

    def set_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Load networks and optimizers as SB3 does; flat buffers are laid out anew before the next update."""
        super().set_parameters(*args, **kwargs)
        self.flat_actor = None

    def bind(self) -> None:
        """Lay networks and optimizers on flat buffers; again after anything replaced their tensors."""
        log_ent_coef, entropy_optimizer = entropy_parts(self)
        self._entropy = FlatParameters([log_ent_coef], [(1,)], list)
        self._entropy.bind(entropy_optimizer)
        self._critics = FlatCritics(self.critic.q_networks)
        self._critics.parameters.bind(self.critic.optimizer)
        self._targets = FlatCritics(self.critic_target.q_networks)
        if self.quantization is None:
            self.flat_actor = FlatActor(self.actor)
        else:
            self.flat_actor = FlatQuantActor(self.actor, self.quantization)

    @torch.no_grad()
    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Do `gradient_steps` updates on batches drawn uniformly from the replay buffer.

        Raises TrainingError when a parameter is not finite afterwards.
        """
        if self.flat_actor is None:
            self.bind()
        learning_rate = self.lr_schedule(self._current_progress_remaining)
        for batch in zip(*self._draw(gradient_steps, batch_size), strict=True):
            self._update(Batch(*batch), learning_rate)
        self._n_updates += gradient_steps
        self._check_parameters()

    def _check_parameters(self) -> None:
        assert self.flat_actor is not None
        actor, critics = self.flat_actor.parameters, self._critics.parameters
        for name, parameters in (("actor", actor), ("critics", critics), ("entropy", self._entropy)):
            if not bool(parameters.flat.sum().isfinite()):
                why = f"a parameter of the {name} is not finite; a lower learning_rate may help"
                stop(self.num_timesteps, why)

    @torch.no_grad()
    def gradients(self, n_batches: int) -> list[Tensor]:
        """Return the gradient of the actor's loss by its weights [out, in], pruned ones too; step nothing.

        The mean over batches drawn uniformly from the replay buffer.
        """
        assert self.flat_actor is not None
        total: list[Tensor] | None = None
        for batch in zip(*self._draw(n_batches, self.batch_size), strict=True):
            gradients = self.flat_actor.gradients(*self._sampled_gradient(Batch(*batch)))
            total = gradients if total is None else [a + b for a, b in zip(total, gradients, strict=True)]
        assert total is not None
        return [gradient / n_batches for gradient in total]

    def _sampled_gradient(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the loss's gradient by a fresh sample of actions [batch, action] and by its log pi."""
        assert self.flat_actor is not None
        action, _ = self.flat_actor.sample(batch.observation, torch.randn_like(batch.action), keep=True)
        return self._action_gradient(batch, action), self._entropy.flat.exp() / len(action)

    def _draw(self, n_batches: int, batch_size: int) -> Batch:
        """Return n_batches of uniformly drawn transitions, as one."""
        buffer = self.replay_buffer
        assert buffer is not None
        index = np.random.randint(0, buffer.size(), size=n_batches * batch_size)
        ended = buffer.dones[index] * (1 - buffer.timeouts[index])

        def gathered(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values).float().view(n_batches, batch_size, -1)

        return Batch(
            observation=gathered(buffer.observations[index]),
            next_observation=gathered(buffer.next_observations[index]),
            action=gathered(buffer.actions[index]),
            reward=gathered(buffer.rewards[index]),
            discount=gathered((1 - ended) * self.gamma),
        )

    def _update(self, batch: Batch, learning_rate: float) -> None:
        """Do one update of entropy coefficient, critics, actor and targets, in SB3's order."""
        actor, critics, n = self.flat_actor, self._critics, len(batch.observation)
        assert actor is not None
        entropy_coefficient = self._entropy.flat.exp()
        policy_action, log_pi = actor.sample(batch.observation, torch.randn_like(batch.action), keep=True)
        torch.neg(log_pi.mean() + float(self.target_entropy), out=self._entropy.grad[0])
        self._entropy.adam_step(learning_rate)

        target = self._soft_target(batch, entropy_coefficient)
        q, activations = critics.forward(torch.cat([batch.observation, batch.action], 1))
        critics.backward(activations, (q - target).mul_(1 / n))
        critics.parameters.adam_step(learning_rate)

        actor.step(self._action_gradient(batch, policy_action), entropy_coefficient / n, learning_rate)
        self._targets.parameters.flat.lerp_(critics.parameters.flat, self.tau)

    def _action_gradient(self, batch: Batch, action: Tensor) -> Tensor:
        """Return the gradient of minus the lowest Q's mean over the batch: [batch, action]."""
        q, activations = self._critics.forward(torch.cat([batch.observation, action], 1))
        is_lowest = q.argmin(0, keepdim=True) == torch.arange(len(q)).view(-1, 1, 1)
        d_q = is_lowest.to(q.dtype).mul_(-1 / len(action))
        return self._critics.backward_action(activations, d_q, batch.observation.shape[1])

    def _soft_target(self, batch: Batch, entropy_coefficient: Tensor) -> Tensor:
        """Return reward + discount * (lowest target Q - entropy coefficient * log pi): [batch, 1]."""
        assert self.flat_actor is not None
        noise = torch.randn_like(batch.action)
        action, log_pi = self.flat_actor.sample(batch.next_observation, noise, keep=False)
        q, _ = self._targets.forward(torch.cat([batch.next_observation, action], 1))
        return batch.reward + batch.discount * (q.amin(0) - entropy_coefficient * log_pi.unsqueeze(1))

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        train_freq: TrainFreq,
        replay_buffer: ReplayBuffer,
        action_noise: Any = None,
        learning_starts: int = 0,
        log_interval: int | None = None,
    ) -> RolloutReturn:
        """Step the environment `train_freq.frequency` times: SB3's loop without its overhead."""
        del action_noise, log_interval
        callback.on_rollout_start()
        for n_collected in range(train_freq.frequency):
            scaled_action = self._explore(random=self.num_timesteps < learning_starts)
            observation, reward, done, infos = env.step(self.policy.unscale_action(scaled_action))
            self.num_timesteps += env.num_envs
            assert isinstance(observation, np.ndarray)
            require_finite_step(self.num_timesteps, observation, reward)
            self._store_transition(replay_buffer, scaled_action, observation, reward, done, infos)
            if not callback.on_step():
                return RolloutReturn(n_collected + 1, 0, continue_training=False)
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        callback.on_rollout_end()
        return RolloutReturn(train_freq.frequency, 0, continue_training=True)

    @torch.no_grad()
    def _explore(self, *, random: bool) -> np.ndarray:
        """Return one action [1, action] in [-1, 1], uniform or sampled from the policy."""
        shape = (1, *self.action_space.shape)  # type: ignore[misc]
        if random:
            return np.random.uniform(-1, 1, size=shape).astype(np.float32)
        assert self.flat_actor is not None
        observation = torch.from_numpy(self._last_obs).float()  # type: ignore[arg-type]
        action, _ = self.flat_actor.sample(observation, torch.randn(shape), keep=False)
        return action.numpy()


def entropy_parts(model: SAC) -> tuple[nn.Parameter, torch.optim.Optimizer]:
    """Return the log of the learned entropy coefficient [1] and its optimizer."""
    assert model.log_ent_coef is not None
    assert model.ent_coef_optimizer is not None
    return cast(nn.Parameter, model.log_ent_coef), model.ent_coef_optimizer
