"""Widths: the only carriers of how many bits an integer has."""

from dataclasses import asdict, dataclass

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
        signed = name.startswith("INT")
        digits = name.removeprefix("INT" if signed else "UINT")
        if not digits.isdecimal():
            raise ExportError(f"{name!r} is not an integer type; expected INT<bits> or UINT<bits>")
        return cls(bits=int(digits), signed=signed)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantConfig:
    """Bit widths of a policy: weights, hidden activations (unsigned), inputs and mean action (signed).

    A weight is an integer of at most `csd_digits` canonical signed digits; 4 hold any of up to 8 bits.
    """

    weight_bits: int = 8
    activation_bits: int = 8
    input_bits: int = 8
    output_bits: int = 8
    csd_digits: int = 4

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            low, high = (1, 4) if name == "csd_digits" else (2, 8)
            if not low <= value <= high:
                raise ExportError(f"{name} = {value} is outside {low} to {high}")
