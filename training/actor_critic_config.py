"""The settings that actor-critic algorithms have beside those of every one: tables of a configuration."""

from dataclasses import dataclass
from typing import Any, ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPolicyConfig:
    """The table [on_policy]: what PPO and TRPO share. A rollout is one round of updates."""

    __pydantic_config__: ClassVar = STRICT

    n_envs: int
    """Environments stepped side by side."""
    normalize: bool
    """Whether observations and rewards are divided by their running deviation: VecNormalize."""
    gae_lambda: float
    """The trace of generalized advantage estimation: Schulman et al. 2016, arXiv:1506.02438."""
    log_std_init: float
    """Log of the exploration's first deviation, in units of half an action's range."""

    def __post_init__(self) -> None:
        _check(self, "n_envs", self.n_envs >= 1, "at least 1")
        _check(self, "gae_lambda", 0 <= self.gae_lambda <= 1, "in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PpoConfig:
    """The table [ppo]: Schulman et al. 2017, arXiv:1707.06347."""

    __pydantic_config__: ClassVar = STRICT

    n_epochs: int
    """Passes over a rollout."""
    clip_range: float
    """How far the ratio of new to old probability may leave 1 before it gains nothing more."""
    entropy_coefficient: float
    """Weight of the entropy in the loss."""
    value_coefficient: float
    """Weight of the value function's error in the loss."""
    max_grad_norm: float
    """What the norm of the gradient is clipped to."""

    def __post_init__(self) -> None:
        _check(self, "n_epochs", self.n_epochs >= 1, "at least 1")
        for name in ("clip_range", "max_grad_norm"):
            _check(self, name, getattr(self, name) > 0, "above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrpoConfig:
    """The table [trpo]: Schulman et al. 2015, arXiv:1502.05477."""

    __pydantic_config__: ClassVar = STRICT

    target_kl: float
    """How far, in nats, a round of updates may take the policy."""
    cg_max_steps: int
    """Steps of the conjugate gradient that solves for the direction."""
    cg_damping: float
    """What is added to the diagonal of the Fisher matrix."""
    n_critic_updates: int
    """Passes of the value function over a rollout."""

    def __post_init__(self) -> None:
        for name in ("target_kl", "cg_damping"):
            _check(self, name, getattr(self, name) > 0, "above 0")
        for name in ("cg_max_steps", "n_critic_updates"):
            _check(self, name, getattr(self, name) >= 1, "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Td3Config:
    """The table [td3]: Fujimoto et al. 2018, arXiv:1802.09477. DDPG has its own values of it.

    Deviations are in units of half an action's range.
    """

    __pydantic_config__: ClassVar = STRICT

    n_critics: int
    """Critics, of which the lowest value counts."""
    policy_delay: int
    """Updates of the critics for each of the actor."""
    target_noise: float
    """Deviation of the noise on the target's actions."""
    target_noise_clip: float
    """What that noise is clipped to."""
    exploration_noise: float
    """Deviation of the noise on the actions that are taken."""

    def __post_init__(self) -> None:
        for name in ("n_critics", "policy_delay"):
            _check(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("target_noise", "target_noise_clip", "exploration_noise"):
            _check(self, name, getattr(self, name) >= 0, "at least 0")


def no_rollout_yet(algorithm: str) -> ConfigError:
    """Return the error of SNIP before an algorithm that learns from rollouts has seen one."""
    return ConfigError(
        f"{spelled('pruning', 'snip')} judges weights before the first rollout, which "
        f"{algorithm.upper()} learns from; another {spelled('pruning')} fits, such as magnitude or rigl"
    )


def _check(config: Any, name: str, good: bool, allowed: str) -> None:
    table = type(config).__name__.removesuffix("Config")
    if not good:
        raise ConfigError(f"{table}'s {name} = {getattr(config, name)!r}, allowed: {allowed}")
