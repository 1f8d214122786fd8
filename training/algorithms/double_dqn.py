"""Stable-baselines3's DQN with masks, fixed-point scales, a teacher, double targets and bfloat16 as settings.

With none of them it is stable-baselines3's, update for update.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import Tensor, nn
from torch.nn import functional

from ganglion.models.nets.float_network import Weighted
from ganglion.models.quant.calibration import Quantization
from ganglion.models.spec.network import NetworkSpec
from ganglion.training.algorithms.deployed import forget_pruned
from ganglion.training.algorithms.finite import is_finite, require_finite_step, stop
from ganglion.training.algorithms.fixed_point import FixedPointNetwork
from ganglion.training.algorithms.frame_buffer import FrameBuffer
from ganglion.training.algorithms.port import Teacher
from ganglion.training.algorithms.value_network import DuelingNetwork, architecture_of, deployed_layers
from ganglion.training.dqn_config import DqnConfig


def values_of(network: nn.Module, observation: Tensor, *, bfloat16: bool) -> Tensor:
    """Return a float network's value of each action: [batch, *observation] → [batch, action]."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        return network(observation).float()


class DoubleDqn(DQN):
    """DQN whose online network may be pruned, seen in integers, and taught by another one's values.

    The target network stays in float. Updates wait until the replay buffer holds `least_experience` steps.
    """

    settings: DqnConfig
    least_experience: int = 0
    n_explored: int = 0
    """Environment steps so far, of earlier runs too, by which the exploration falls."""
    quantization: Quantization | None = None
    teacher: Teacher | None = None
    _fixed_point: FixedPointNetwork | None = None
    _masks: list[Tensor] | None = None
    _followed: Any = None
    """The observations that follow what was stored last; others begin new episodes."""

    def layers(self) -> list[Weighted]:
        """Return the deployed layers of the online network, first to last."""
        return deployed_layers(self.q_net)

    @property
    def architecture(self) -> NetworkSpec | None:
        """How those layers are connected; None: with ReLU between them."""
        return architecture_of(self.q_net)

    def masks(self) -> list[Tensor] | None:
        """Return the masks of those layers' weights, or None while every weight is free."""
        return self._masks

    def set_masks(self, masks: Sequence[Tensor]) -> None:
        """Hold weights where their mask is 0 at zero from now on, and forget Adam's moments of them."""
        self._masks = list(masks)
        forget_pruned(self.policy.optimizer, self.layers(), self._masks)
        self._constrain()

    def act_through(self, quantization: Quantization | None) -> None:
        """Act and learn through these scales from now on; the float parameters stay."""
        self.quantization = quantization
        self._fixed_point = (
            None
            if quantization is None
            else FixedPointNetwork(self.layers(), quantization, bfloat16=self.settings.bfloat16)
        )
        self._constrain()

    def values(self, observation: Tensor) -> Tensor:
        """Return the online network's value of each action: [batch, *observation] → [batch, action]."""
        if self._fixed_point is not None:
            hidden, outputs = self._fixed_point(observation)
            if isinstance(self.q_net, DuelingNetwork):
                return self.q_net.action_values(hidden, outputs)
            return outputs
        return values_of(self.q_net, observation, bfloat16=self.settings.bfloat16)

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Do `gradient_steps` updates on batches from the replay buffer, once it holds enough or is full.

        Raises TrainingError when a parameter is not finite afterwards.
        """
        buffer = self.replay_buffer
        assert buffer is not None
        if not buffer.full and buffer.size() * buffer.n_envs < max(self.least_experience, 1):
            return
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        for _ in range(gradient_steps):
            loss = self._loss(buffer.sample(batch_size))
            self.policy.optimizer.zero_grad()
            loss.backward()
            self._mask_gradients()
            nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
            self.policy.optimizer.step()
            self._constrain()
        self._n_updates += gradient_steps
        if not is_finite(self.q_net):
            stop(
                self.num_timesteps, "a parameter of the network is not finite; a lower learning_rate may help"
            )

    def gradients(self, n_batches: int) -> list[Tensor]:
        """Return the loss's mean gradient by the layers' weights, pruned ones too; step nothing.

        It is that over some batches of the replay buffer.
        """
        assert self.replay_buffer is not None
        self.policy.optimizer.zero_grad()
        for _ in range(n_batches):
            (self._loss(self.replay_buffer.sample(self.batch_size)) / n_batches).backward()
        gradients = [layer.weight.grad.clone() for layer in self.layers() if layer.weight.grad is not None]
        self.policy.optimizer.zero_grad()
        return gradients

    def _loss(self, batch: ReplayBufferSamples) -> Tensor:
        """Return the batch's mean Huber loss of the temporal difference, or its distance from the teacher."""
        if self.teacher is not None:
            return self._imitation_loss(batch.observations)
        targets = self._targets(batch)
        values = self.values(batch.observations).gather(1, batch.actions.long())
        return functional.smooth_l1_loss(values, targets)

    def _imitation_loss(self, observation: Tensor) -> Tensor:
        """Return the cross-entropy of the two networks' softmax over actions, at the set temperature.

        Policy distillation (Rusu et al. 2016, arXiv:1511.06295), on the states that the student visits.
        """
        assert self.teacher is not None
        temperature = self.settings.distill_temperature
        wanted = self.teacher(observation, torch.zeros(())) / temperature
        return functional.cross_entropy(self.values(observation) / temperature, wanted.softmax(1))

    @torch.no_grad()
    def _targets(self, batch: ReplayBufferSamples) -> Tensor:
        """Return the rewards and the discounted value of what follows: [batch, 1]."""
        discount = self.gamma if batch.discounts is None else batch.discounts
        following = values_of(self.q_net_target, batch.next_observations, bfloat16=self.settings.bfloat16)
        chooser = self.values(batch.next_observations) if self.settings.double else following
        best = following.gather(1, chooser.argmax(1, keepdim=True))
        return batch.rewards + (1 - batch.dones) * discount * best

    def _mask_gradients(self) -> None:
        for layer, mask in zip(self.layers(), self._masks or (), strict=False):
            assert layer.weight.grad is not None
            layer.weight.grad.mul_(mask)

    @torch.no_grad()
    def _constrain(self) -> None:
        """Make pruned weights zero and keep the others within the range of their integers."""
        for layer, mask in zip(self.layers(), self._masks or (), strict=False):
            layer.weight.mul_(mask)
        if self._fixed_point is not None:
            self._fixed_point.clamp()

    def _on_step(self) -> None:
        super()._on_step()
        self.explored(self.n_explored + self.n_envs)

    def explored(self, n_steps: int) -> None:
        """Explore as after so many environment steps from now on; a student has explored enough."""
        enough = self.settings.exploration_steps
        self.n_explored = n_steps if self.teacher is None else max(n_steps, enough)
        progress = min(1.0, self.n_explored / enough)
        self.exploration_rate = 1 + progress * (self.settings.exploration_final - 1)

    def _sample_action(
        self, learning_starts: int, action_noise: Any = None, n_envs: int = 1
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return actions [n_envs], twice: random ones, or those of the highest values."""
        assert isinstance(self._last_obs, np.ndarray)
        is_early = self.num_timesteps < learning_starts
        if self.teacher is not None and is_early:
            actions = self._best(self.teacher(self._tensor(), torch.zeros(())))
        elif is_early or np.random.rand() < self.exploration_rate:
            actions = np.random.randint(self.action_space.n, size=n_envs)  # type: ignore[attr-defined]
        else:
            with torch.no_grad():
                actions = self._best(self.values(self._tensor()))
        return actions, actions

    def _tensor(self) -> Tensor:
        assert isinstance(self._last_obs, np.ndarray)
        return torch.from_numpy(self._last_obs)

    @staticmethod
    def _best(values: Tensor) -> NDArray[np.int64]:
        return values.argmax(1).numpy()

    def _store_transition(
        self,
        replay_buffer: ReplayBuffer,
        buffer_action: NDArray[Any],
        new_obs: Any,
        reward: NDArray[Any],
        dones: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """Store a step; what was cut off before it, is no end, and nothing is summed across the cut."""
        require_finite_step(self.num_timesteps, new_obs, reward)
        if self._last_obs is not self._followed:
            self._cut()
        super()._store_transition(replay_buffer, buffer_action, new_obs, reward, dones, infos)
        self._followed = self._last_obs

    def _cut(self) -> None:
        """Tell the replay buffer that what comes does not follow what it stored last."""
        buffer = self.replay_buffer
        if isinstance(buffer, FrameBuffer):
            buffer.cut()
        elif buffer is not None and buffer.size():
            last = buffer.pos - 1
            buffer.timeouts[last] = np.maximum(buffer.timeouts[last], 1 - buffer.dones[last])

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "teacher", "_fixed_point", "_masks", "_followed"]
