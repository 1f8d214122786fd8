"""The loop: read, infer, write, once a tick; whatever goes wrong, a safe action is written instead."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ganglion.deploy.control.histogram import duration
from ganglion.deploy.control.output import GiveUp, Output, Watchdog, Write
from ganglion.deploy.control.pace import Pace, wait_until
from ganglion.deploy.control.statistics import Cause, Statistics, Tick

Read = Callable[[], Any]
Infer = Callable[[Any], Any]

_SWITCH_S = 0.0005


class ControlLoop:
    """Runs a policy between a `read` of observations and a `write` of actions.

    `read` returns an observation, or None to end the run. One action is written a tick: the policy's or, when
    that is late or anything raises, the safe one, which is written last of all too. While a read or an
    inference is late, it is written from another thread, but never while another write is under way.
    `safe`: an action, or None for the policy's last one, `first` before there is any.
    """

    def __init__(
        self, *, read: Read, infer: Infer, write: Write, pace: Pace, safe: Any, first: Any, give_up: GiveUp
    ) -> None:
        self._read, self._infer, self._pace = read, infer, pace
        self._output = Output(write, safe, first)
        self._give_up = give_up
        self._stop = threading.Event()
        self.statistics = Statistics()
        self.latest = Tick(-1, 0)

    @property
    def n_safe(self) -> int:
        """Safe actions written, the one at the end too."""
        return self._output.n_safe

    def stop(self) -> None:
        """End the run after the present tick; may be called from a signal handler or another thread."""
        self._stop.set()

    def run(self, on_tick: Callable[[Tick], None]) -> Statistics:
        """Run until `read` ends it, the steps are done, `stop` is called or it fails too often in a row."""
        pace, begun = self._pace, time.monotonic_ns()
        period_s = (pace.period_ns or pace.deadline_ns) / 1e9
        tick = 0
        try:
            with Watchdog(self._output, period_s, pace.hang_s, self._give_up) as watchdog, _fair_threads():
                for tick in self._ticks(begun):
                    if not self._tick(tick, begun + tick * pace.period_ns, watchdog):
                        break
                    watchdog.rest()
                    on_tick(self.latest)
                    if self._is_over():
                        break
        finally:
            self._write_safe(tick + 1)
            self.statistics.seconds = (time.monotonic_ns() - begun) / 1e9
        return self.statistics

    def _is_over(self) -> bool:
        seen = self.statistics
        if seen.in_a_row >= self._pace.max_failures:
            return True
        return self._stop.is_set() or seen.ticks == self._pace.steps

    def _ticks(self, begun: int) -> Iterator[int]:
        """Yield the numbers of ticks, each at its time; those whose deadline passed meanwhile are skipped."""
        period_ns, deadline_ns, tick = self._pace.period_ns, self._pace.deadline_ns, 0
        while not self._stop.is_set():
            yield tick
            tick += 1
            if period_ns:
                first_in_time = (time.monotonic_ns() - begun - deadline_ns) // period_ns + 1
                self.statistics.skipped += max(first_in_time - tick, 0)
                tick = max(first_in_time, tick)
                wait_until(begun + tick * period_ns, self._stop)

    def _tick(self, number: int, due_ns: int, watchdog: Watchdog) -> bool:
        """Do one tick; False when `read` ends the run."""
        pace, seen = self._pace, self.statistics
        now = time.monotonic_ns()
        tick = Tick(number, now)
        deadline = (due_ns if pace.period_ns else now) + pace.deadline_ns if pace.deadline_ns else None
        watchdog.arm(number, now, deadline if pace.period_ns else None)
        try:
            tick.observation = self._read()
            if tick.observation is None:
                return False
            if deadline is not None and not pace.period_ns:
                deadline = time.monotonic_ns() + pace.deadline_ns
                watchdog.arm(number, now, deadline)
        except Exception as error:
            self._fail(tick, Cause.READ, _said(error))
        else:
            self._act(tick, deadline)
        seen.ticks += 1
        if pace.period_ns:
            seen.jitter.add(now - due_ns)
        self.latest = tick
        return True

    def _act(self, tick: Tick, deadline: int | None) -> None:
        began = time.monotonic_ns()
        try:
            action = self._infer(tick.observation)
        except Exception as error:
            self._fail(tick, Cause.INFERENCE, _said(error))
            return
        answered = time.monotonic_ns()
        tick.latency_ns = answered - began
        self.statistics.latency.add(tick.latency_ns)
        if deadline is not None and answered > deadline:
            self._fail(tick, Cause.LATE, f"the action came {duration(answered - deadline)} late")
            return
        try:
            is_written = self._output.action(tick.number, action)
        except Exception as error:
            self._fail(tick, Cause.WRITE, _said(error))
            return
        late_ns = 0 if deadline is None else time.monotonic_ns() - deadline
        if not is_written or late_ns > 0:
            self._fail(tick, Cause.LATE, f"the action was written {duration(max(late_ns, 0))} late")
            return
        tick.action = action
        self.statistics.actions += 1
        self.statistics.in_a_row = 0

    def _fail(self, tick: Tick, cause: Cause, said: str) -> None:
        """Count a tick without the policy's action in time, and write the safe one if none was written."""
        seen = self.statistics
        tick.cause, tick.said = cause, said
        seen.causes[cause] += 1
        seen.in_a_row += 1
        seen.last_failure = f"{cause.value}: {said}"
        self._write_safe(tick.number)

    def _write_safe(self, tick: int) -> None:
        try:
            self._output.safe(tick)
        except Exception as error:
            self.statistics.causes[Cause.WRITE] += 1
            self.statistics.last_failure = f"{Cause.WRITE.value}: {_said(error)}"


@contextmanager
def _fair_threads() -> Iterator[None]:
    """Let a thread that waits for the interpreter have it within half a millisecond, not 5."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
