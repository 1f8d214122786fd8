"""The clock of a processing system is the fastest that its two divisors give within a limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganglion.hw.flows.zynq.clock import MAX_DIVISOR, fastest_clock
from ganglion.models.build.errors import ToolError


@pytest.mark.parametrize(
    ("limit_mhz", "divisors", "mhz"),
    [
        (100.0, (10, 1), 100.0),
        (117.8, (9, 1), 111.111111),
        (81.9, (13, 1), 76.923077),
        (15.0, (34, 2), 14.705882),
        (1000.0, (1, 1), 1000.0),
    ],
)
def test_a_pll_of_1000_mhz_gives(limit_mhz: float, divisors: tuple[int, int], mhz: float) -> None:
    clock = fastest_clock(1000.0, limit_mhz)
    assert (clock.divisors, clock.mhz) == (divisors, mhz)


@given(st.floats(0.26, 1000.0))
def test_no_other_divisors_are_faster_within_the_limit(limit_mhz: float) -> None:
    clock = fastest_clock(1000.0, limit_mhz)
    assert clock.mhz <= limit_mhz
    divisors = range(1, MAX_DIVISOR + 1)
    within = (
        round(1000 / (a * b), 6) for a in divisors for b in divisors if round(1000 / (a * b), 6) <= limit_mhz
    )
    assert clock.mhz == max(within)


def test_a_limit_below_the_slowest_clock_is_refused() -> None:
    with pytest.raises(
        ToolError, match=r"slowest clock is 0.252 MHz, which 0.200 MHz does not allow; .*clock_mhz"
    ):
        fastest_clock(1000.0, 0.2)
