"""What a policy is: the integer network, its two ends on the host, and who made it."""

import json
import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Tag

from ganglion.models.build.codec import STRICT, UNION, decode
from ganglion.models.build.errors import ExportError
from ganglion.models.spec.heads import FLOAT32_MAX, ActionHead
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.provenance import Provenance

MAX_OBSERVATION = 1 << 16
MAX_PROVENANCE = 1 << 16
"""Characters of JSON."""
MAX_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalizer:
    """How observations become integers: `clip(floor((obs[features] - offset) * gain + 0.5))`, in float32."""

    __pydantic_config__: ClassVar = STRICT

    features: tuple[int, ...]
    offset: tuple[float, ...]
    gain: tuple[float, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.features) == len(self.offset) == len(self.gain):
            raise ExportError(
                f"normalizer: {len(self.features)} features, "
                f"{len(self.offset)} offsets and {len(self.gain)} gains"
            )
        if not all(0 <= index < MAX_OBSERVATION for index in self.features):
            raise ExportError(f"normalizer: a feature is outside 0 to {MAX_OBSERVATION - 1}")
        if len(set(self.features)) != len(self.features):
            raise ExportError("normalizer: a feature is named twice")
        if not all(abs(value) <= FLOAT32_MAX for value in self.offset):
            raise ExportError("normalizer: offsets must be finite in float32")
        if not all(1 / FLOAT32_MAX <= value <= FLOAT32_MAX for value in self.gain):
            raise ExportError("normalizer: gains must be positive and finite in float32")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """Pixels of 0 to 255, which are the network's integers as they are, at a scale of 2**PIXEL_EXPONENT.

    What it says as a `Normalizer` is derived, so that whoever reads one reads it too.
    """

    __pydantic_config__: ClassVar = STRICT

    shape: tuple[int, int, int]
    """Stacked frames, the newest last; rows; columns. An observation is in C order."""

    def __post_init__(self) -> None:
        if not all(size >= 1 for size in self.shape) or math.prod(self.shape) > MAX_OBSERVATION:
            raise ExportError(
                f"normalizer: shape {list(self.shape)}, allowed: positive sizes, {MAX_OBSERVATION} in all"
            )

    @property
    def features(self) -> tuple[int, ...]:
        """Every pixel."""
        return tuple(range(math.prod(self.shape)))

    @property
    def offset(self) -> tuple[float, ...]:
        """None."""
        return (0.0,) * math.prod(self.shape)

    @property
    def gain(self) -> tuple[float, ...]:
        """One."""
        return (1.0,) * math.prod(self.shape)


PIXEL_EXPONENT = -8
"""log2 of the scale at which a network reads pixels of 0 to 255."""

_PIXELS, _AFFINE = f"{UNION}pixels", f"{UNION}affine"


def _entry_of(value: Any) -> str:
    is_pixels = isinstance(value, Pixels) or (isinstance(value, dict) and "shape" in value)
    return _PIXELS if is_pixels else _AFFINE


Entry = Annotated[
    Annotated[Normalizer, Tag(_AFFINE)] | Annotated[Pixels, Tag(_PIXELS)], Discriminator(_entry_of)
]
"""How observations become the network's integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec:
    """A whole policy: who made it, its two host ends and the integer network between them."""

    __pydantic_config__: ClassVar = STRICT

    name: str
    env: str
    algorithm: str
    observation_features: int
    normalizer: Entry
    network: NetworkSpec
    action: ActionHead
    provenance: dict[str, Any]
    """Where it comes from: JSON of the maker's choice."""

    @property
    def said(self) -> Provenance:
        """What the provenance says that Ganglion reads; ExportError where it is not what it should be."""
        return decode(Provenance, self.provenance, f"{self.name}: provenance")

    @property
    def step_features(self) -> int:
        """Values of an observation that are new in a step: all, or of stacked frames those of the newest."""
        return self.observation_features // self.network.frame_stack

    @property
    def frame(self) -> tuple[int, ...] | None:
        """Sizes of the frame that is new in a step: rows and columns, of several channels these first."""
        if not isinstance(self.normalizer, Pixels):
            return None
        channels, *sizes = self.network.step_shape
        return (*sizes,) if channels == 1 else (channels, *sizes)

    def __post_init__(self) -> None:
        for what in ("name", "env", "algorithm"):
            text = getattr(self, what)
            if not 1 <= len(text) <= MAX_TEXT or not text.isprintable():
                raise ExportError(f"{what}: expected 1 to {MAX_TEXT} printable characters, got {text!r:.60}")
        if "/" in self.name or self.name in (".", ".."):
            raise ExportError(f"name: {self.name!r:.60} cannot name a folder")
        if not 1 <= self.observation_features <= MAX_OBSERVATION:
            raise ExportError(
                f"observation_features = {self.observation_features} is outside 1 to {MAX_OBSERVATION}"
            )
        self._check_ends()
        _check_provenance(self.provenance)

    def _check_ends(self) -> None:
        widths = self.network.widths
        if len(self.normalizer.features) != widths[0]:
            raise ExportError(
                f"normalizer has {len(self.normalizer.features)} features, the network {widths[0]}"
            )
        if max(self.normalizer.features) >= self.observation_features:
            raise ExportError(
                f"normalizer reads feature {max(self.normalizer.features)} of {self.observation_features}"
            )
        if self.network.frame_stack > 1 and not isinstance(self.normalizer, Pixels):
            raise ExportError(
                f"frame_stack = {self.network.frame_stack}: expected pixels, whose frames stack"
            )
        if self.action.n_outputs != widths[-1]:
            raise ExportError(
                f"action head reads {self.action.n_outputs} values, the network has {widths[-1]}"
            )
        if self.action.exponent != self.network.layers[-1].output_exponent:
            raise ExportError("action head's exponent differs from the last layer's output_exponent")


def _check_provenance(value: dict[str, Any]) -> None:
    try:
        size = len(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ExportError(f"provenance: {error}; expected JSON of finite numbers") from None
    if size > MAX_PROVENANCE:
        raise ExportError(f"provenance: {size} characters of JSON, allowed {MAX_PROVENANCE}")
