"""Stable-baselines3's SAC, update for update, about three times as fast on one CPU core.

The mathematics is SB3's (Haarnoja et al. 2018, arXiv:1812.05905); only its evaluation differs: see `flat_mlp`. One
environment, no action noise, a learned entropy coefficient. Saved and loaded by SB3 itself; a plain SAC loads the file.
"""

from typing import Any

import numpy as np
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.type_aliases import RolloutReturn, TrainFreq
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn

from models.spec import NetworkSpec, Normalizer
from training.flat_actor import FlatActor, FlatQuantActor
from training.flat_mlp import FlatCritics, FlatParameters

_FLOAT32_ERROR = 1e-5


def use_one_fast_thread() -> None:
    """Set torch to one thread and its fastest float32 product, after a check that its error is that of float32.

    "medium" routes to oneDNN, twice as fast here, but may mean bfloat16 on a CPU with AMX.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision("medium")
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 256, 256, generator=generator).unbind()
    exact = a.double() @ b.double()
    error = ((a @ b).double() - exact).abs().max() / exact.abs().max()
    if error > _FLOAT32_ERROR:
        torch.set_float32_matmul_precision("highest")


class FastSac(SAC):
    """SAC with hand-written updates, of a plain actor or of one seen through the fixed-point scheme (`quantize`)."""

    quantization: tuple[Normalizer, NetworkSpec] | None = None
    flat_actor: FlatActor | None = None
    _critics: FlatCritics
    _targets: FlatCritics
    _entropy: FlatParameters

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "flat_actor", "_critics", "_targets", "_entropy"]

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, BaseCallback]:
        if self.flat_actor is None:
            self.bind()
        return super()._setup_learn(*args, **kwargs)

    def set_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Load networks and optimizers as SB3 does; the flat buffers are laid out anew before the next update."""
        super().set_parameters(*args, **kwargs)
        self.flat_actor = None

    def bind(self) -> None:
        """Lay the networks and their optimizers on flat buffers; again after anything replaced their tensors."""
        self._critics = FlatCritics(self.critic.q_networks)
        self._critics.parameters.bind(self.critic.optimizer)
        self._targets = FlatCritics(self.critic_target.q_networks)
        assert self.log_ent_coef is not None and self.ent_coef_optimizer is not None
        self._entropy = FlatParameters([self.log_ent_coef], [(1,)], list)  # type: ignore[list-item]
        self._entropy.bind(self.ent_coef_optimizer)
        plain = self.quantization is None
        self.flat_actor = FlatActor(self.actor) if plain else FlatQuantActor(self.actor, *self.quantization)

    def quantize(self, normalizer: Normalizer, spec: NetworkSpec) -> None:
        """Let the actor act and learn through these scales from now on; its float parameters and moments stay."""
        self.quantization = (normalizer, spec)
        self.bind()

    @torch.no_grad()
    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Do `gradient_steps` updates on batches drawn uniformly from the replay buffer, by one gather for all."""
        if self.flat_actor is None:
            self.bind()
        learning_rate = self.lr_schedule(self._current_progress_remaining)
        batches = self._draw(gradient_steps, batch_size)
        for observation, next_observation, action, reward, discount in zip(*batches, strict=True):
            self._update(observation, next_observation, action, reward, discount, learning_rate)
        self._n_updates += gradient_steps

    def _draw(self, n_batches: int, batch_size: int) -> tuple[Tensor, ...]:
        """Return observations, next observations, actions, rewards, discounts: each [n_batches, batch_size, width]."""
        buffer = self.replay_buffer
        assert buffer is not None
        index = np.random.randint(0, buffer.size(), size=n_batches * batch_size)
        ended = buffer.dones[index] * (1 - buffer.timeouts[index])
        arrays = (
            buffer.observations[index],
            buffer.next_observations[index],
            buffer.actions[index],
            buffer.rewards[index],
            (1 - ended) * np.float32(self.gamma),
        )
        return tuple(torch.from_numpy(a).float().view(n_batches, batch_size, -1) for a in arrays)

    def _update(
        self,
        observation: Tensor,
        next_observation: Tensor,
        action: Tensor,
        reward: Tensor,
        discount: Tensor,
        learning_rate: float,
    ) -> None:
        """Do one update of critics, entropy coefficient, actor and targets on [batch, width] tensors."""
        actor, critics, batch = self.flat_actor, self._critics, len(observation)
        assert actor is not None and self.log_ent_coef is not None
        entropy_coefficient = self._entropy.flat.exp()
        policy_action, log_pi = actor.sample(observation, torch.randn_like(action), keep=True)
        torch.neg(log_pi.mean() + float(self.target_entropy), out=self._entropy.grad[0])
        self._entropy.adam_step(learning_rate)

        next_action, next_log_pi = actor.sample(next_observation, torch.randn_like(action), keep=False)
        next_q, _ = self._targets.forward(torch.cat([next_observation, next_action], 1))
        soft_value = next_q.amin(0) - entropy_coefficient * next_log_pi.unsqueeze(1)
        q, activations = critics.forward(torch.cat([observation, action], 1))
        critics.backward(activations, (q - (reward + discount * soft_value)).mul_(1 / batch))
        critics.parameters.adam_step(learning_rate)

        q, activations = critics.forward(torch.cat([observation, policy_action], 1))
        is_lowest = nn.functional.one_hot(q.argmin(0).squeeze(1), len(q)).t().unsqueeze(2)
        d_q = is_lowest.to(q.dtype).mul_(-1 / batch)
        d_action = critics.backward_action(activations, d_q, observation.shape[1])
        actor.step(d_action, entropy_coefficient / batch, learning_rate)
        self._targets.parameters.flat.lerp_(critics.parameters.flat, self.tau)

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
        """Step the environment `train_freq.frequency` times into the replay buffer: SB3's loop without its overhead."""
        del action_noise, log_interval
        callback.on_rollout_start()
        for n_collected in range(train_freq.frequency):
            scaled_action = self._explore(random=self.num_timesteps < learning_starts)
            observation, reward, done, infos = env.step(self.policy.unscale_action(scaled_action))
            self.num_timesteps += env.num_envs
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
