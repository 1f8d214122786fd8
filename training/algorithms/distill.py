"""Distillation: the actor imitates a trained one on the states that it visits itself.

DAgger (Ross et al. 2011, arXiv:1011.0686): no reward is used, and an update costs a fraction of SAC's;
critics and entropy coefficient stay as they were, so that reinforcement learning can go on from the result.
"""

import copy
import functools

import numpy as np
import torch
from stable_baselines3.sac.policies import Actor
from torch import Tensor

from ganglion.training.algorithms.fast_sac import Batch, FastSac
from ganglion.training.algorithms.port import Teacher


def gaussian_actions(actor: Actor, observation: Tensor, noise: Tensor) -> Tensor:
    """Return what SB3's squashed Gaussian does with this noise: [n, observation] → [n, action]."""
    mean, log_std, _ = actor.get_action_dist_params(observation)
    return torch.tanh(mean + log_std.exp() * noise)


def actor_teacher(actor: Actor) -> Teacher:
    """Return the policy that `actor` is now, whatever becomes of it later."""
    return functools.partial(gaussian_actions, copy.deepcopy(actor).requires_grad_(False))


class DistilledSac(FastSac):
    """A learner whose updates bring its actor's actions to those of `teacher`, for the same noise.

    Half of a batch has no noise: that half teaches the mean, which is deployed; the other log_std too.
    Without a teacher they are those of SAC.
    """

    teacher: Teacher | None = None

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "teacher"]

    def _update(self, batch: Batch, learning_rate: float) -> None:
        """Do one step down the mean squared difference between the two actors' actions in [-1, 1]."""
        if self.teacher is None:
            return super()._update(batch, learning_rate)
        assert self.flat_actor is not None
        return self.flat_actor.step(*self._sampled_gradient(batch), learning_rate)

    def _sampled_gradient(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return that difference's gradient by the actions [batch, action], and zero for log pi."""
        if self.teacher is None:
            return super()._sampled_gradient(batch)
        assert self.flat_actor is not None
        noise = torch.randn_like(batch.action)
        noise[: len(noise) // 2] = 0
        wanted = self.teacher(batch.observation, noise)
        action, _ = self.flat_actor.sample(batch.observation, noise, keep=True)
        return (action - wanted) * (2 / action.numel()), torch.zeros(())

    @torch.no_grad()
    def _explore(self, *, random: bool) -> np.ndarray:
        """Return one action [1, action] in [-1, 1], the teacher's where others act at random."""
        if not random or self.teacher is None:
            return super()._explore(random=random)
        observation = torch.from_numpy(self._last_obs).float()  # type: ignore[arg-type]
        return self.teacher(observation, torch.randn(1, *self.action_space.shape)).numpy()  # type: ignore[misc]
