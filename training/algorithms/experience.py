"""What an on-policy algorithm has seen lately, which its own rollout buffer forgets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import RolloutBuffer
from torch import Tensor

from ganglion.training.algorithms.port import Arrays

N_REMEMBERED = 16_384
"""Observations: more than calibration asks for, enough to imitate on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """Observations as the network read them, and the latest rollout."""

    seen: NDArray[np.float32]
    """[n, observation], the latest last."""
    rollout: NDArray[np.float32]
    """[steps, observation]"""
    actions: NDArray[np.float32]
    """[steps, action]"""
    advantages: NDArray[np.float32]
    """[steps]"""

    @classmethod
    def none(cls, observations: spaces.Space[Any], actions: spaces.Space[Any]) -> "Experience":
        """Return that of a learner before its first rollout."""
        nothing = np.zeros((0, *(observations.shape or ())), np.float32)
        width = actions.shape[0] if actions.shape else 1
        return cls(
            seen=nothing,
            rollout=nothing,
            actions=np.zeros((0, width), np.float32),
            advantages=np.zeros(0, np.float32),
        )

    def followed_by(self, buffer: RolloutBuffer) -> "Experience":
        """Return it with a full rollout buffer, from which no batch was drawn yet, as the latest."""
        rollout = _flat(buffer.observations)
        return Experience(
            seen=np.concatenate([self.seen, rollout])[-N_REMEMBERED:],
            rollout=rollout,
            actions=_flat(buffer.actions),
            advantages=buffer.advantages.flatten().astype(np.float32),
        )

    def batches(self, size: int) -> Iterator[Tensor]:
        """Return what was seen once, in random batches [size, observation]."""
        order = np.random.permutation(len(self.seen))
        for start in range(0, len(order), size):
            yield torch.from_numpy(self.seen[order[start : start + size]])

    def to_arrays(self) -> Arrays:
        """Return the arguments of the constructor."""
        return {name: getattr(self, name) for name in ("seen", "rollout", "actions", "advantages")}


def _flat(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return [steps, envs, width] as [steps * envs, width]."""
    return values.reshape(-1, values.shape[-1]).astype(np.float32)
