"""The one writer of actions, and the watchdog that writes the safe one when nobody else does in time."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

Write = Callable[[Any], None]
GiveUp = Callable[[str], None]
_NEVER = 1 << 62
_LOCK_S = 0.25
_LONGEST_NS = 1_000_000_000


class Output:
    """Writes one action a tick: the policy's, or the safe one, whichever comes first.

    `safe` is the safe action; None holds the policy's last one (`first` before there is any). Two writes are
    never under way at once: who has to wait for longer than 0.25 s gets TimeoutError.
    """

    def __init__(self, write: Write, safe: Any, first: Any) -> None:
        self._write = write
        self._safe = safe
        self._last = first
        self._lock = threading.Lock()
        self._tick = -1
        self.n_safe = 0

    def action(self, tick: int, action: Any) -> bool:
        """Write the policy's action, unless this tick's safe one is written already: then False."""
        with self._alone():
            if tick <= self._tick:
                return False
            self._tick = tick
            self._write(action)
            if self._safe is None:
                self._last = action.copy() if hasattr(action, "copy") else action
            return True

    def safe(self, tick: int) -> bool:
        """Write the safe action, unless this tick has its action already: then False."""
        with self._alone():
            if tick <= self._tick:
                return False
            self._tick = tick
            self.n_safe += 1
            self._write(self._last if self._safe is None else self._safe)
            return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_LOCK_S):
            raise TimeoutError(f"a write did not return within {_LOCK_S:g} s")
        try:
            yield
        finally:
            self._lock.release()


class Watchdog:
    """A thread that writes the safe action when a tick's deadline passes without an action.

    It gives up when a tick does not end within `hang_s` of its start: what hangs then has no deadline of its
    own, and `give_up` has to end the process. It reckons with `period_s` from one deadline to the next; one
    that comes sooner wakes it.
    """

    def __init__(self, output: Output, period_s: float, hang_s: float, give_up: GiveUp) -> None:
        self._output = output
        self._period_ns = int(period_s * 1e9)
        self._hang_ns = int(hang_s * 1e9)
        self._give_up = give_up
        self._armed = (-1, _NEVER, _NEVER)
        self._wakes_ns = 0
        self._wake = threading.Event()
        self._is_ended = False
        self._thread = threading.Thread(target=self._watch, name="ganglion watchdog", daemon=True)

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_ended = True
        self._wake.set()
        self._thread.join(timeout=1)

    def arm(self, tick: int, start_ns: int, deadline_ns: int | None) -> None:
        """Expect the action of `tick` by `deadline_ns` (None: whenever), of time.monotonic_ns."""
        due_ns = _NEVER if deadline_ns is None else deadline_ns
        hung_ns = start_ns + self._hang_ns
        self._armed = (tick, due_ns, hung_ns)
        if min(due_ns, hung_ns) < self._wakes_ns:
            self._wake.set()

    def rest(self) -> None:
        """Expect nothing more until the next tick is armed."""
        tick, due_ns, _ = self._armed
        self._armed = (tick, due_ns, _NEVER)

    def _watch(self) -> None:
        handled = -1
        while not self._is_ended:
            self._wake.clear()
            tick, due_ns, hung_ns = armed = self._armed
            now = time.monotonic_ns()
            if now >= hung_ns:
                self._write_safe(tick)
                self._give_up(f"tick {tick} did not end within {self._hang_ns / 1e9:g} s")
                return
            if now >= due_ns and tick != handled:
                handled = tick
                self._write_safe(tick)
            next_ns = min(due_ns + self._period_ns if tick == handled else due_ns, hung_ns)
            self._wakes_ns = next_ns if next_ns > now else now + self._period_ns
            if armed is self._armed:  # else it was armed meanwhile, against the time of the last sleep
                self._wake.wait(min(self._wakes_ns - now, _LONGEST_NS) / 1e9)

    def _write_safe(self, tick: int) -> None:
        # What fails here the loop meets again in its next tick, and counts there.
        with contextlib.suppress(Exception):
            self._output.safe(tick)
