"""A PLL has the dividers that the tools of its makers find, and a clock never above the limit."""

from dataclasses import replace

import pytest

from ganglion.hw.target.board import find_board
from ganglion.hw.target.pll import Pll, fastest_clock
from ganglion.models.build.errors import ConfigError


def pll_of(board: str) -> tuple[Pll, float]:
    found = find_board(board)
    assert found.family.pll is not None and found.wiring is not None
    return found.family.pll, found.wiring.oscillator_mhz


@pytest.mark.parametrize(
    ("board", "clock_mhz", "dividers"),
    [  # reference, feedback, output: by ecppll, icepll and gowin_pll
        ("ulx3s", 100.0, (1, 4, 6)),
        ("ulx3s", 62.5, (2, 5, 10)),
        ("ulx3s", 130.0, (5, 26, 5)),
        ("icebreaker", 24.0, (1, 64, 32)),
        ("icebreaker", 39.75, (1, 53, 16)),
        ("tangnano20k", 94.5, (2, 7, 8)),
        ("tangnano9k", 40.5, (2, 3, 16)),
    ],
)
def test_dividers_are_those_of_the_tools(
    board: str, clock_mhz: float, dividers: tuple[int, int, int]
) -> None:
    found = fastest_clock(*pll_of(board), clock_mhz)
    assert found is not None and found[1] is not None
    reached_mhz, divisors = found
    assert reached_mhz == clock_mhz
    assert (divisors.reference, divisors.feedback, divisors.output) == dividers


@pytest.mark.parametrize("board", ["ulx3s", "icebreaker", "tangnano9k", "tangnano20k"])
@pytest.mark.parametrize("at_most_mhz", [27.5, 47.3, 99.9, 133.33])
def test_the_clock_is_close_below_what_is_asked_for(board: str, at_most_mhz: float) -> None:
    pll, oscillator_mhz = pll_of(board)
    found = fastest_clock(pll, oscillator_mhz, at_most_mhz)
    assert found is not None
    assert 0.9 * at_most_mhz < found[0] <= at_most_mhz


def test_every_setting_is_within_the_limits_of_the_pll() -> None:
    pll, oscillator_mhz = pll_of("icebreaker")
    for each in pll.divisors(oscillator_mhz):
        assert each.clock_mhz == oscillator_mhz * each.feedback / each.reference / each.output
        assert pll.vco_mhz[0] <= each.clock_mhz * each.output <= pll.vco_mhz[1]


def test_the_oscillator_is_a_clock_where_no_pll_is_faster_or_known() -> None:
    pll, oscillator_mhz = pll_of("icebreaker")
    assert fastest_clock(pll, oscillator_mhz, 15.0) == (12.0, None)
    assert fastest_clock(None, 12.0, 100.0) == (12.0, None)
    assert fastest_clock(pll, oscillator_mhz, 11.0) is None


def test_a_range_that_is_none_is_named() -> None:
    pll, _ = pll_of("icebreaker")
    with pytest.raises(ConfigError, match=r"pll.vco_mhz = \[9.0, 3.0\]: a range from above 0 upwards"):
        replace(pll, vco_mhz=(9.0, 3.0))
