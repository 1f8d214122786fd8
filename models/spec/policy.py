"""What a policy is: the integer network, its two ends on the host, and who made it."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from ganglion.models.build.errors import ExportError
from ganglion.models.spec.network import NetworkSpec, require_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalizer:
    """How observations become integers: `clip(floor((obs[features] - offset) * gain + 0.5))`, in float32."""

    features: tuple[int, ...]
    offset: tuple[float, ...]
    gain: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.features) == len(self.offset) == len(self.gain):
            raise ExportError(
                f"normalizer: {len(self.features)} features, "
                f"{len(self.offset)} offsets and {len(self.gain)} gains"
            )
        if any(index < 0 for index in self.features) or len(set(self.features)) != len(self.features):
            raise ExportError("normalizer: features must be distinct indices from 0")
        if not all(math.isfinite(value) for value in (*self.offset, *self.gain)) or min(self.gain) <= 0:
            raise ExportError("normalizer: offsets must be finite and gains finite and positive")

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Normalizer":
        """Return the normalizer described by `value`; a missing or unknown key raises ExportError."""
        require_keys("normalizer", value, set(cls.__dataclass_fields__))
        return cls(**{key: tuple(item) for key, item in value.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionHead:
    """How the integer mean becomes an action: `low + (tanh(mean * 2**exponent) + 1) / 2 * (high - low)`."""

    exponent: int
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high) or any(a >= b for a, b in zip(self.low, self.high, strict=True)):
            raise ExportError("action head: low must be below high for every action")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec:
    """A whole policy: who made it, its two host ends and the integer network between them."""

    name: str
    env: str
    algorithm: str
    observation_features: int
    normalizer: Normalizer
    network: NetworkSpec
    action: ActionHead
    provenance: dict[str, Any]

    def __post_init__(self) -> None:
        widths = self.network.widths
        if len(self.normalizer.features) != widths[0]:
            raise ExportError(
                f"normalizer has {len(self.normalizer.features)} features, the network {widths[0]}"
            )
        if max(self.normalizer.features) >= self.observation_features:
            raise ExportError(
                f"normalizer reads feature {max(self.normalizer.features)} of {self.observation_features}"
            )
        if len(self.action.low) != widths[-1]:
            raise ExportError(f"action head has {len(self.action.low)} actions, the network {widths[-1]}")
        if self.action.exponent != self.network.layers[-1].output_exponent:
            raise ExportError("action head's exponent differs from the last layer's output_exponent")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {
            "name": self.name,
            "env": self.env,
            "algorithm": self.algorithm,
            "observation_features": self.observation_features,
            "normalizer": asdict(self.normalizer),
            "network": self.network.to_json(),
            "action": asdict(self.action),
            "provenance": self.provenance,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "PolicySpec":
        """Return the policy described by `value`; a missing or unknown key raises ExportError."""
        require_keys("policy", value, set(cls.__dataclass_fields__))
        require_keys("action", value["action"], set(ActionHead.__dataclass_fields__))
        ends = {
            "normalizer": Normalizer.from_json(value["normalizer"]),
            "action": ActionHead(
                exponent=value["action"]["exponent"],
                low=tuple(value["action"]["low"]),
                high=tuple(value["action"]["high"]),
            ),
        }
        return cls(**{**value, **ends, "network": NetworkSpec.from_json(value["network"])})
