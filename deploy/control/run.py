"""A run of the control loop: its signals, its log, what it shows, and how it ends."""

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganglion.deploy.control.loop import ControlLoop, Infer, Read
from ganglion.deploy.control.output import Write
from ganglion.deploy.control.pace import Pace
from ganglion.deploy.control.run_log import RunLog
from ganglion.deploy.control.safe_action import safe_action, zero_action
from ganglion.deploy.control.view import live, summary
from ganglion.deploy.host_ends import ArgmaxAction, HostEnds, RealObservation
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.spelling import spelled


@dataclass(frozen=True, kw_only=True)
class RunSettings(Pace):
    """How a run goes, what it does when something fails, and where it tells."""

    safe_action: str = "zero"
    """What is written for an action that is missing or late, and at the end: zero, hold, or 0.1,-0.2."""
    log: Path | None = None
    """A CSV file, a row a tick; without the observations where these are frames."""
    log_mib: float = 64.0
    """The most that the log and its predecessor take together."""
    view: bool = True
    """Show the figures while it runs, in a terminal where rich is installed."""

    def __post_init__(self) -> None:
        Pace.__post_init__(self)
        if not 0.01 <= self.log_mib <= 1e6:
            raise ConfigError(f"{spelled('log_mib', self.log_mib)}: allowed from 0.01 to 1,000,000")


def run_loop(infer: Infer, host: HostEnds, read: Read, write: Write, settings: RunSettings) -> ControlLoop:
    """Run a policy between `read` and `write`, print the figures, and return the loop that ran.

    SIGINT and SIGTERM end it, the safe action written last. ToolError when it failed too often in a row.
    """
    loop = ControlLoop(
        read=read,
        infer=infer,
        write=write,
        pace=settings,
        safe=safe_action(settings.safe_action, host.action),
        first=zero_action(host.action),
        give_up=_give_up,
    )
    log = _log(host, settings)
    with ExitStack() as stack:
        stack.enter_context(_signals(loop.stop))
        if log is not None:
            stack.callback(log.close)
        if settings.view:
            stack.enter_context(live(loop))
        loop.run(log.add if log is not None else lambda _: None)
    print("\n".join(summary(loop, settings.rate_hz)))
    if log is not None and log.lost:
        print(f"log            {log.lost:,} rows lost{f': {log.error}' if log.error else ''}")
    if loop.statistics.in_a_row >= settings.max_failures:
        raise ToolError(
            f"control stopped after {loop.statistics.in_a_row} ticks in a row without the policy's action "
            f"({spelled('max_failures', settings.max_failures)}); the last: {loop.statistics.last_failure}"
        )
    return loop


def _log(host: HostEnds, settings: RunSettings) -> RunLog | None:
    if settings.log is None:
        return None
    n_action = 1 if isinstance(host.action, ArgmaxAction) else host.action.values
    n_observation = host.observation.shape[0] if isinstance(host.observation, RealObservation) else 0
    return RunLog(settings.log, int(settings.log_mib * (1 << 20)), n_observation, n_action)


def function_of(setting: str, name: str) -> Callable[..., Any]:
    """Return a user's function, named "module:function"; the module may lie in the working directory."""
    module, _, function = name.partition(":")
    where = spelled(setting, name)
    if not module or not function:
        raise ConfigError(f"{where}: expected module:function, as robot:{setting}")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), function, None)
    except Exception as error:
        raise ConfigError(f"{where}: importing {module} raised {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    if not callable(found):
        raise ConfigError(f"{where}: {module} has no function {function}")
    return found


def _give_up(said: str) -> None:
    """End the process at once: the thread that hangs cannot be stopped otherwise."""
    print(f"error: control: {said}; what hangs has no deadline of its own", file=sys.stderr, flush=True)
    os._exit(1)


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM; the second does what it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: object) -> None:
        restore()
        stop()

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()
