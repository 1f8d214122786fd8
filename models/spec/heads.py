"""Action heads: how a network's last integers become an action of the environment, on the host."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ganglion.models.build.codec import STRICT, decode_kind, encode
from ganglion.models.build.errors import ExportError
from ganglion.models.layers.layer import MAX_EXPONENT, MAX_SIZE, Ints

FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionHead(ABC):
    """What reads the last layer's integers, each of which stands for itself times 2**exponent."""

    __pydantic_config__: ClassVar = STRICT

    kind: str
    exponent: int

    def __post_init__(self) -> None:
        if abs(self.exponent) > MAX_EXPONENT:
            raise ExportError(f"action head: exponent {self.exponent} is outside ±{MAX_EXPONENT}")

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Values of the network that the head reads."""

    @abstractmethod
    def act(self, outputs: Ints) -> npt.NDArray[Any]:
        """Return the environment's actions for integers [batch, n_outputs]."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell the codec that the key `kind` says which class a head is; it is tanh where there is none."""
        if cls is not ActionHead:
            return handler(source)
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            lambda value: decode_kind(HEADS, value, "action", default="tanh"),
            serialization=core_schema.plain_serializer_function_ser_schema(encode),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TanhHead(ActionHead):
    """Real actions: `low + (tanh(mean * 2**exponent) + 1) / 2 * (high - low)`."""

    kind: Literal["tanh"] = "tanh"
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        ActionHead.__post_init__(self)
        if len(self.low) != len(self.high) or any(a >= b for a, b in zip(self.low, self.high, strict=True)):
            raise ExportError("action head: low must be below high for every action")
        if not all(abs(value) <= FLOAT32_MAX for value in (*self.low, *self.high)):
            raise ExportError("action head: low and high must be finite in float32")

    @property
    def n_outputs(self) -> int:
        """A mean for each action."""
        return len(self.low)

    def act(self, outputs: Ints) -> npt.NDArray[np.float32]:
        """Return actions between the bounds: [batch, act] → [batch, act] float32."""
        squashed = np.tanh(np.ldexp(outputs.astype(np.float64), self.exponent))
        return between(squashed, np.array(self.low), np.array(self.high))


def between(
    squashed: npt.NDArray[np.float64], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Return actions between their bounds [act]: [batch, act] in [-1, 1] → [batch, act] float32."""
    return (low + (squashed + 1) / 2 * (high - low)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgmaxHead(ActionHead):
    """One of `n_actions`: that of the largest value, the first of equal ones."""

    kind: Literal["argmax"] = "argmax"
    n_actions: int

    def __post_init__(self) -> None:
        ActionHead.__post_init__(self)
        if not 1 <= self.n_actions <= MAX_SIZE:
            raise ExportError(f"action head: n_actions = {self.n_actions} is outside 1 to {MAX_SIZE}")

    @property
    def n_outputs(self) -> int:
        """A value for each action."""
        return self.n_actions

    def act(self, outputs: Ints) -> npt.NDArray[np.int64]:
        """Return the numbers of the best actions: [batch, n_actions] → [batch] int64."""
        return outputs.argmax(axis=1)


HEADS: dict[str, type[ActionHead]] = {"tanh": TanhHead, "argmax": ArgmaxHead}
"""The class of each kind, by what policy.json calls it."""
