"""What delta inference does to a policy: multiplications a step and the return, over whole episodes."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.models.build.codec import STRICT, Amount, Count
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.policy_folder import Policy
from ganglion.training.delta.rollout import Rollout, roll_out

Thresholds = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One setting of thresholds: multiplications a step of each layer, and what the episodes returned."""

    __pydantic_config__: ClassVar = STRICT

    thresholds: Thresholds
    multiplications: tuple[Amount, ...]
    """A step's mean over all steps of all episodes, for each layer."""
    return_mean: float
    return_std: Amount
    return_min: float
    falls: Count
    episodes: Count
    first_seed: Count

    @property
    def total(self) -> float:
        """Multiplications a step."""
        return sum(self.multiplications)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaReport:
    """delta.json: multiplications a step, of the dense actor and the pruned layers, and what was measured."""

    __pydantic_config__: ClassVar = STRICT

    env: str
    policy: str
    dense: Count | None
    """None where the policy's provenance does not tell its size before pruning."""
    pruned: tuple[Count, ...]
    uniform: tuple[Measured, ...]
    chosen: Measured | None = None
    """With the thresholds chosen by layer; None where they were not searched for."""
    trained: Measured | None = None
    """With the thresholds chosen for the policy that was fine-tuned with them; None without fine-tuning."""


def measure(policy: Policy, thresholds: Thresholds, n_episodes: int, first_seed: int) -> Measured:
    """Return what a policy does with these thresholds; ConfigError for thresholds that are none."""
    delta = DeltaNetwork(network=policy.network, thresholds=thresholds)
    return measured(delta, roll_out(policy.spec, delta, n_episodes, first_seed))


def measured(delta: DeltaNetwork, found: Rollout) -> Measured:
    """Return a rollout's figures."""
    episodes = found.episodes
    return Measured(
        thresholds=delta.thresholds,
        multiplications=found.multiplications,
        return_mean=float(episodes.returns.mean()),
        return_std=float(episodes.returns.std()),
        return_min=float(episodes.returns.min()),
        falls=int(episodes.fell.sum()),
        episodes=len(episodes.returns),
        first_seed=episodes.first_seed,
    )


def multiplications_without_delta(policy: Policy) -> tuple[int, ...]:
    """Return what each layer of the pruned network multiplies a step when every input is sent."""
    layers, weights = policy.spec.network.layers, policy.network.weights
    return tuple(int(layer.fan_out(weight).sum()) for layer, weight in zip(layers, weights, strict=True))
