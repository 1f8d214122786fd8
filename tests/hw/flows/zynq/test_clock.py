"""The clock of a processing system is the fastest that its two divisors give within a limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganglion.hw.flows.zynq.clock import MAX_DIVISOR, board_clock
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import ConfigError, ToolError

PYNQ = find_board("Pynq-Z2")


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
    clock = board_clock(PYNQ, limit_mhz)
    assert (clock.divisors, clock.mhz) == (divisors, mhz)


@given(st.floats(0.26, 1000.0))
def test_no_other_divisors_are_faster_within_the_limit(limit_mhz: float) -> None:
    clock = board_clock(PYNQ, limit_mhz)
    divisors = range(1, MAX_DIVISOR + 1)
    clocks = (round(1000 / (first * second), 6) for first in divisors for second in divisors)
    assert clock.mhz == max(mhz for mhz in clocks if mhz <= limit_mhz)


def test_a_limit_below_the_slowest_clock_is_refused() -> None:
    with pytest.raises(
        ToolError, match=r"slowest clock is 0.252 MHz, which 0.200 MHz does not allow; .*clock_mhz"
    ):
        board_clock(PYNQ, 0.2)


def test_a_board_without_a_processing_system_has_no_such_clock() -> None:
    with pytest.raises(ConfigError, match="Arty-A7-35T has no processing system"):
        board_clock(find_board("Arty-A7-35T"), 100.0)
