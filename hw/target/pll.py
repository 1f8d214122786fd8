"""The clocks that a family's PLL makes of an oscillator's, and its dividers for the best of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Divisors:
    """A PLL's dividers, from 1, of its reference, its feedback and its output; what leaves it, in MHz."""

    reference: int
    feedback: int
    output: int
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
            detector_mhz = oscillator_mhz / reference
            if not _within(detector_mhz, self.detector_mhz):
                continue
            for feedback in range(1, self.feedback + 1):
                for output in self.output:
                    looped_mhz = detector_mhz * feedback
                    vco_mhz = looped_mhz * output if self.output_in_loop else looped_mhz
                    clock_mhz = vco_mhz / output
                    if _within(vco_mhz, self.vco_mhz) and _within(clock_mhz, self.clock_mhz):
                        yield Divisors(
                            reference=reference, feedback=feedback, output=output, clock_mhz=clock_mhz
                        )


def fastest_clock(
    pll: Pll | None, oscillator_mhz: float, at_most_mhz: float
) -> tuple[float, Divisors | None] | None:
    """Return the fastest clock up to a limit and the PLL's dividers for it, None for the oscillator itself.

    Of several settings, the one that compares fastest: it jitters least. None where none is slow enough.
    """
    settings = [] if pll is None else list(pll.divisors(oscillator_mhz))
    clocks: list[tuple[float, Divisors | None]] = [(oscillator_mhz, None)]
    clocks += [(each.clock_mhz, each) for each in settings]
    slow = [each for each in clocks if each[0] <= at_most_mhz * (1 + 1e-9)]
    return max(slow, key=lambda each: (each[0], -each[1].reference if each[1] else 0), default=None)


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
