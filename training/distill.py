"""Distillation: the actor imitates a trained one on the states that it visits itself.

DAgger (Ross et al. 2011, arXiv:1011.0686): no reward is used, and an update costs a fraction of SAC's;
critics and entropy coefficient stay as they were, so that reinforcement learning can go on from the result.
"""

import copy

import torch
from stable_baselines3.sac.policies import Actor
from torch import Tensor

from training.fast_sac import Batch, FastSac


class DistilledSac(FastSac):
    """A learner whose updates bring its actor's actions to those of `teacher`, for the same noise.

    Half of a batch has no noise: that half teaches the mean, which is deployed; the other log_std too.
    """

    teacher: Actor | None = None

    def set_teacher(self) -> None:
        """Make a copy of the present actor, before it is pruned, the teacher."""
        self.teacher = copy.deepcopy(self.actor).requires_grad_(False)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "teacher"]

    def _update(self, batch: Batch, learning_rate: float) -> None:
        """Do one step down the mean squared difference between the two actors' actions in [-1, 1]."""
        assert self.flat_actor is not None
        self.flat_actor.step(*self._sampled_gradient(batch), learning_rate)

    def _sampled_gradient(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return that difference's gradient by the actions [batch, action], and zero for log pi."""
        assert self.teacher is not None
        assert self.flat_actor is not None
        noise = torch.randn_like(batch.action)
        noise[: len(noise) // 2] = 0
        mean, log_std, _ = self.teacher.get_action_dist_params(batch.observation)
        wanted = torch.tanh(mean + log_std.exp() * noise)
        action, _ = self.flat_actor.sample(batch.observation, noise, keep=True)
        return (action - wanted) * (2 / action.numel()), torch.zeros(())
