"""The one port through which training knows an algorithm: all that it asks of a learner."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ganglion.models.nets.float_network import Weighted
from ganglion.models.quant.calibration import Quantization
from ganglion.models.spec.network import NetworkSpec
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.vecnormalize import Standardizer

Teacher = Callable[[Tensor, Tensor], Tensor]
"""Observations as the learner's layers read them [n, observation] and standard normal noise [n, action] →
actions [n, action] in [-1, 1]; without noise the deterministic one. Where actions are discrete: the value of
each, [n, action], whatever the noise."""

Arrays = dict[str, NDArray[Any]]


class Learner(Protocol):
    """An algorithm of stable-baselines3, or what behaves like one, with a network that can be deployed.

    The deployed network reads observations, raw or behind `standardizer`.
    What the last one gives is the mean before tanh where actions are real numbers, and a value for each
    action where they are discrete (see `ganglion.training.episodes.greedy`).
    """

    algorithm: ClassVar[str]
    """The name in records."""
    action_space: gym.Space[Any]
    num_timesteps: int
    learning_starts: int
    learning_rate: Any
    quantization: Quantization | None
    """The scales by which the network acts and learns, of what its layers read; None while it is float."""
    teacher: Teacher | None
    """Whom it imitates; None: it learns from rewards."""

    def learn(self, total_timesteps: int, callback: Any, *, reset_num_timesteps: bool) -> Any:
        """Learn for so many steps, calling back as stable-baselines3 does."""
        ...

    def get_env(self) -> Any:
        """Return the training environment, vectorized."""
        ...

    def _setup_lr_schedule(self) -> None: ...

    @property
    def standardizer(self) -> Standardizer | None:
        """What raw observations pass on their way to the layers; None: nothing."""
        ...

    @property
    def architecture(self) -> NetworkSpec | None:
        """How the layers are connected, before any scales; None: with ReLU between them."""
        ...

    def layers(self) -> Sequence[Weighted]:
        """Return the layers of the deployed network, which are pruned and quantized."""
        ...

    def masks(self) -> list[Tensor] | None:
        """Return the masks [out, in] of those layers, or None while every weight is free."""
        ...

    def set_masks(self, masks: Sequence[Tensor]) -> None:
        """Hold weights where their mask [out, in] is 0 at zero from now on."""
        ...

    def act_through(self, quantization: Quantization | None) -> None:
        """Act and learn through these scales from now on; also after the networks' tensors were replaced."""
        ...

    def gradients(self, n_batches: int) -> list[Tensor]:
        """Return the loss's mean gradient by those weights [out, in], pruned ones too; step nothing."""
        ...

    def latest_observations(self, count: int) -> NDArray[np.float32]:
        """Return up to `count` observations [n, observation], the latest that the layers read."""
        ...

    def arrays(self) -> Arrays:
        """Return copies of all that continues the run, named <group>/<name>: the network's and more."""
        ...

    def load_arrays(self, checkpoint: Checkpoint) -> None:
        """Put what `arrays` returned back."""
        ...

    def network_arrays(self) -> Arrays:
        """Return copies of what acts: all that a teacher needs."""
        ...

    def load_network(self, checkpoint: Checkpoint) -> None:
        """Put what `network_arrays` returned back."""
        ...

    def as_teacher(self) -> Teacher:
        """Return the policy that this is now, whatever becomes of it later."""
        ...

    def status(self) -> Mapping[str, float]:
        """Return what the learning curve records of this algorithm alone."""
        ...
