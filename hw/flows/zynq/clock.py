"""The clock that a processing system gives the logic (FCLK0, pl_clk0): a PLL divided twice."""

from dataclasses import dataclass

from ganglion.hw.target.board import Board, ProcessorPll
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.spelling import spelled

MAX_DIVISOR = 63
"""Both divisors are fields of six bits, from 1 (UG585, FPGA0_CLK_CTRL; UG1087, PL0_REF_CTRL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicClock:
    """A PLL and the two divisors after it."""

    pll: ProcessorPll
    divisors: tuple[int, int]

    @property
    def mhz(self) -> float:
        """The clock's frequency in MHz, to the Hz as PYNQ reads it back."""
        return round(self.pll.mhz / (self.divisors[0] * self.divisors[1]), 6)


def board_clock(board: Board, limit_mhz: float) -> LogicClock:
    """Return the fastest clock that a board's processing system gives within `limit_mhz`.

    ToolError when every one is faster, ConfigError for a board without one.
    """
    if board.processor_pll is None:
        raise ConfigError(f"{board.name} has no processing system that could clock the logic")
    pll = board.processor_pll
    products = {
        first * second: (first, second)
        for second in range(MAX_DIVISOR, 0, -1)
        for first in range(1, MAX_DIVISOR + 1)
    }
    slow_enough = [product for product in products if round(pll.mhz / product, 6) <= limit_mhz]
    if not slow_enough:
        slowest = pll.mhz / MAX_DIVISOR**2
        raise ToolError(
            f"the processing system's slowest clock is {slowest:.3f} MHz, which {limit_mhz:.3f} MHz does not "
            f"allow; ask for a faster {spelled('clock_mhz')}"
        )
    return LogicClock(pll=pll, divisors=products[min(slow_enough)])
