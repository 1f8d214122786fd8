"""Widths: the only carriers of how many bits an integer has."""

import re
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from ganglion.models.build.errors import ExportError


@dataclass(frozen=True, slots=True, kw_only=True)
class IntType:
    """An integer of `bits` bits, two's complement when `signed`: the only carrier of width."""

    bits: int
    signed: bool

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 32:
            raise ExportError(f"integer width {self.bits} is outside 1 to 32 bits")

    @classmethod
    def parse(cls, name: str) -> "IntType":
        """Return the type named as QONNX names it: INT8, UINT4, ..."""
        if not (found := re.fullmatch(r"(U?)INT([0-9]{1,2})", name)):
            raise ExportError(f"{name!r:.60} is not an integer type; expected INT<bits> or UINT<bits>")
        return cls(bits=int(found[2]), signed=not found[1])

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell the codec that files hold the type by its name."""
        from pydantic_core import PydanticCustomError, core_schema

        def named(value: Any) -> IntType:
            try:
                return cls.parse(value)
            except (ExportError, TypeError):
                raise PydanticCustomError("int_type", "INT<bits> or UINT<bits>, of 1 to 32 bits") from None

        by_name = core_schema.plain_serializer_function_ser_schema(attrgetter("name"))
        return core_schema.no_info_plain_validator_function(named, serialization=by_name)

    @property
    def name(self) -> str:
        """The QONNX name, INT8 or UINT8."""
        return f"{'INT' if self.signed else 'UINT'}{self.bits}"

    @property
    def low(self) -> int:
        """The smallest value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest value."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest dtype of numpy that holds its values."""
        return np.min_scalar_type(self.low if self.signed else self.high)


MIN_BITS = 2


def most_bits(of_outputs: bool) -> int:
    """Return how many bits a type has at most: of outputs, which nothing multiplies, more."""
    return 16 if of_outputs else 8


def bounds_of(setting: str) -> tuple[int, int]:
    """Return the least and the most that a setting of `QuantConfig` may be."""
    return (1, 4) if setting == "csd_digits" else (MIN_BITS, most_bits(setting == "output_bits"))


BIAS_TYPE = IntType(bits=24, signed=True)
"""What a bias is, on the accumulator's grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantConfig:
    """Bit widths of a policy: weights, hidden activations (unsigned), inputs and outputs (signed).

    Outputs, mean actions or values of actions, may be wider than what is multiplied. A weight is an integer
    of at most `csd_digits` canonical signed digits; 4 hold any of up to 8 bits.
    """

    weight_bits: int = 8
    activation_bits: int = 8
    input_bits: int = 8
    output_bits: int = 8
    csd_digits: int = 4

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            low, high = bounds_of(name)
            if not low <= value <= high:
                raise ExportError(f"{name} = {value} is outside {low} to {high}")
