"""The settings of DQN alone: the table [dqn] of a configuration."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError

NETWORKS = ("nature_cnn", "resnet")


@dataclass(frozen=True, slots=True, kw_only=True)
class DqnConfig:
    """What DQN needs beside what every algorithm does.

    The published algorithm (Mnih et al. 2015) is one environment, one step, and none of `double`, `dueling`
    and `bfloat16`.
    """

    __pydantic_config__: ClassVar = STRICT

    n_envs: int
    """Environments stepped side by side."""
    exploration_steps: int
    """Environment steps over which the fraction of random actions falls from 1 to `exploration_final`."""
    exploration_final: float
    """The fraction of random actions from then on."""
    target_update_steps: int
    """Environment steps between two updates of the target network."""
    max_grad_norm: float
    """What the norm of the gradient is clipped to."""
    double: bool
    """Whether the online network chooses the next action that the target network values: van Hasselt 2016."""
    dueling: bool
    """Whether a value beside the deployed network holds what all actions have in common: Wang et al. 2016."""
    n_steps: int
    """Rewards that are summed before a value is bootstrapped: Sutton 1988, Hessel et al. 2018."""
    bfloat16: bool
    """Whether updates multiply in bfloat16: twice as fast where the CPU has it."""
    distill_temperature: float
    """In imitation, the difference of two actions' values at which one is e times as likely as the other."""
    network: str = "nature_cnn"
    """What reads frames: nature_cnn, of Mnih et al. 2015, or resnet, of Espeholt et al. 2018 (IMPALA).

    Vectors are read by dense layers whatever it says."""

    def __post_init__(self) -> None:
        for name in ("n_envs", "exploration_steps", "target_update_steps", "n_steps"):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        for name in ("max_grad_norm", "distill_temperature"):
            self._check(name, getattr(self, name) > 0, "above 0")
        self._check("network", self.network in NETWORKS, " or ".join(NETWORKS))
        self._check("exploration_final", 0 <= self.exploration_final <= 1, "in [0, 1]")

    def _check(self, name: str, good: bool, allowed: str) -> None:
        if not good:
            raise ConfigError(f"dqn.{name} = {getattr(self, name)!r}, allowed: {allowed}")
