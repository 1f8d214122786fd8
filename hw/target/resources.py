"""What a design takes, or a part has, of each kind of primitive."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Counts of primitives: LUTs, flip-flops, DSP slices, and block RAMs of the family's size."""

    __pydantic_config__: ClassVar = STRICT

    lut: int
    ff: int
    dsp: int
    bram: int

    def __post_init__(self) -> None:
        for name, count in asdict(self).items():
            if count < 0:
                raise ConfigError(f"{name} = {count}: allowed from 0")

    def __add__(self, other: "Resources") -> "Resources":
        """Return both together."""
        return self._with(other, lambda own, others: own + others)

    def __sub__(self, other: "Resources") -> "Resources":
        """Return what is left of these, at least nothing."""
        return self._with(other, lambda own, others: max(0, own - others))

    def over(self, limit: "Resources") -> Iterator[str]:
        """Yield the names of the primitives of which these are more than `limit`."""
        return (name for name, count in asdict(self).items() if count > getattr(limit, name))

    def shortage(self, limit: "Resources") -> str:
        """Return "40,000 LUT of 39,900, 199 DSP of 198", those of which these are more than `limit`."""
        return ", ".join(
            f"{getattr(self, name):,} {name.upper()} of {getattr(limit, name):,}" for name in self.over(limit)
        )

    def share_of(self, whole: "Resources") -> float:
        """Return the fraction taken of the scarcest primitive of `whole`; infinite where it has none."""
        shares = [
            count / available if (available := getattr(whole, name)) else float("inf")
            for name, count in asdict(self).items()
            if count
        ]
        return max(shares, default=0.0)

    def __str__(self) -> str:
        """Return "815 LUT, 980 FF, 8 DSP, 9 BRAM"."""
        return ", ".join(f"{count:,} {name.upper()}" for name, count in asdict(self).items())

    def _with(self, other: "Resources", of_each: Callable[[int, int], int]) -> "Resources":
        return Resources(
            **{
                field.name: of_each(getattr(self, field.name), getattr(other, field.name))
                for field in fields(self)
            }
        )


NOTHING = Resources(lut=0, ff=0, dsp=0, bram=0)
