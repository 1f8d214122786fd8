"""What delta inference does to a policy: multiplications a step and the return, over whole episodes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

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
    sent: tuple[Amount, ...]
    """The part of each layer's inputs that a step sends, likewise; 0 for a layer without weights."""
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
    dense: tuple[Count, ...] | None
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
    return Measured(
        thresholds=delta.thresholds,
        multiplications=found.multiplications,
        sent=found.sent,
        **found.episodes.figures,
    )


def multiplications_of_dense(policy: Policy) -> tuple[int, ...] | None:
    """Return what each layer of the dense actor multiplies a step; None where its provenance does not tell.

    Of each layer inputs and outputs have left, as whole channels in maps, and their kernels with them.
    """
    spec, widths = policy.spec.network, policy.spec.said.widths
    if widths is None or len(widths) != len(spec.layers) + 1:
        return None
    return tuple(
        int(layer.fan_out(np.ones_like(weight)).sum())
        * (widths[spec.source(index)] * widths[index + 1])
        // (layer.n_inputs * layer.n_outputs)
        for index, (layer, weight) in enumerate(zip(spec.layers, policy.network.weights, strict=True))
    )


def multiplications_without_delta(policy: Policy) -> tuple[int, ...]:
    """Return what each layer of the pruned network multiplies a step when every input is sent."""
    layers, weights = policy.spec.network.layers, policy.network.weights
    return tuple(int(layer.fan_out(weight).sum()) for layer, weight in zip(layers, weights, strict=True))
