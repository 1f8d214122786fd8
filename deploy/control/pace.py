"""How fast a loop goes: ticks at absolute times, which one late tick does not shift."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled

MAX_RATE_HZ = 100_000.0
_SPIN_NS = 200_000
"""The last part of a wait is spent spinning: a sleeping thread wakes up late by about as much."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast the loop goes, and when it stops."""

    rate_hz: float = 0.0
    """Ticks a second; 0 is as fast as it goes."""
    deadline_us: float | None = None
    """Microseconds from a tick's start after which its safe action is written; a whole tick if not given."""
    max_failures: int = 10
    """Ticks in a row without an action of the policy, after which the loop stops."""
    hang_s: float = 5.0
    """Seconds after which a read, an inference or a write that does not return ends the process."""
    steps: int | None = None
    """Ticks to run for; without end if not given."""

    def __post_init__(self) -> None:
        _require(0 <= self.rate_hz <= MAX_RATE_HZ, "rate_hz", self.rate_hz, f"from 0 to {MAX_RATE_HZ:,.0f}")
        _require(
            self.deadline_us is None or 0 < self.deadline_us <= 1e9,
            "deadline_us",
            self.deadline_us,
            "above 0",
        )
        _require(self.max_failures >= 1, "max_failures", self.max_failures, "from 1")
        _require(0 < self.hang_s <= 1e6, "hang_s", self.hang_s, "above 0")
        _require(self.steps is None or self.steps >= 1, "steps", self.steps, "from 1")
        if self.rate_hz and self.deadline_us and self.deadline_us * self.rate_hz > 1e6:
            raise ConfigError(
                f"{spelled('deadline_us', self.deadline_us)} is longer than a tick at "
                f"{spelled('rate_hz', self.rate_hz)}, {1e6 / self.rate_hz:g} µs"
            )

    @property
    def period_ns(self) -> int:
        """A tick's length; 0 without a rate."""
        return round(1e9 / self.rate_hz) if self.rate_hz else 0

    @property
    def deadline_ns(self) -> int:
        """The time that a tick's action has; 0 without a limit."""
        return self.period_ns if self.deadline_us is None else round(1e3 * self.deadline_us)


def _require(is_allowed: bool, setting: str, value: Any, allowed: str) -> None:
    if not is_allowed:
        raise ConfigError(f"{spelled(setting, value)}: allowed {allowed}")


def wait_until(due_ns: int, stop: threading.Event) -> None:
    """Sleep, then spin, until `due_ns` of time.monotonic_ns; `stop` ends the sleep."""
    asleep_ns = due_ns - _SPIN_NS - time.monotonic_ns()
    if asleep_ns > 0 and stop.wait(asleep_ns / 1e9):
        return
    while time.monotonic_ns() < due_ns:
        pass
