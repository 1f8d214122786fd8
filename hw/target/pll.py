"""The clocks that a family's PLL makes of an oscillator's, and its dividers for the best of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Divisors:
    """A PLL's dividers, from 1, of its reference, its feedback and its output; its VCO and output in MHz."""

    reference: int
    feedback: int
    output: int
    vco_mhz: float
    clock_mhz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pll:
    """The limits of a family's PLL, as its data sheet has them; ranges in MHz, both ends allowed.

    The phase detector compares at oscillator / reference. Where `output_in_loop`, the output is fed back:
    it has oscillator / reference * feedback, the VCO `output` times that. Else the VCO is fed back and the
    output divides it.
    """

    __pydantic_config__: ClassVar = STRICT

    detector_mhz: tuple[float, float]
    vco_mhz: tuple[float, float]
    clock_mhz: tuple[float, float]
    reference: int
    feedback: int
    output: tuple[int, ...]
    output_in_loop: bool

    def __post_init__(self) -> None:
        for name in ("detector_mhz", "vco_mhz", "clock_mhz"):
            low, high = getattr(self, name)
            if not 0 < low < high:
                raise ConfigError(f"pll.{name} = [{low}, {high}]: a range from above 0 upwards is allowed")

    def divisors(self, oscillator_mhz: float) -> Iterator[Divisors]:
        """Yield every setting within the limits."""
        for reference in range(1, self.reference + 1):
            if not _within(oscillator_mhz / reference, self.detector_mhz):
                continue
            for feedback in range(1, self.feedback + 1):
                looped_mhz = round(oscillator_mhz * feedback / reference, 9)
                for output in self.output:
                    vco_mhz = looped_mhz * output if self.output_in_loop else looped_mhz
                    clock_mhz = looped_mhz if self.output_in_loop else looped_mhz / output
                    if _within(vco_mhz, self.vco_mhz) and _within(clock_mhz, self.clock_mhz):
                        yield Divisors(
                            reference=reference,
                            feedback=feedback,
                            output=output,
                            vco_mhz=vco_mhz,
                            clock_mhz=clock_mhz,
                        )

    def calm(self, divisors: Divisors) -> tuple[float, float]:
        """Return by what settings for one clock are ranked: compared often, and far from the VCO's limits."""
        return -divisors.reference, -abs(divisors.vco_mhz - sum(self.vco_mhz) / 2)


def fastest_clock(
    pll: Pll | None, oscillator_mhz: float, at_most_mhz: float
) -> tuple[float, Divisors | None] | None:
    """Return the fastest clock up to a limit and the PLL's dividers for it, None for the oscillator itself.

    None where no clock is slow enough.
    """
    limit_mhz = at_most_mhz * (1 + 1e-9)
    slow = (
        [] if pll is None else [each for each in pll.divisors(oscillator_mhz) if each.clock_mhz <= limit_mhz]
    )
    best_mhz = max((each.clock_mhz for each in slow), default=0.0)
    if best_mhz <= oscillator_mhz <= limit_mhz:
        return oscillator_mhz, None
    if pll is None or not slow:
        return None
    return best_mhz, max((each for each in slow if each.clock_mhz == best_mhz), key=pll.calm)


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
