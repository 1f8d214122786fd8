"""What a run of the control loop shows: live in a terminal where rich is installed, and at its end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ganglion.deploy.control.loop import ControlLoop

_REFRESH_HZ = 4


@contextmanager
def live(loop: ControlLoop, output: TextIO = sys.stdout) -> Iterator[None]:
    """Show the loop's figures while the block runs, if `output` is a terminal and rich is installed."""
    try:
        from rich.console import Console
        from rich.live import Live
    except ModuleNotFoundError:
        yield
        return
    console = Console(file=output)
    if not console.is_terminal:
        yield
        return
    with Live(
        console=console,
        get_renderable=lambda: "\n".join(figures(loop)),
        refresh_per_second=_REFRESH_HZ,
        transient=True,
    ):
        yield


def figures(loop: ControlLoop) -> list[str]:
    """Return the run's figures so far, a line each."""
    seen = loop.statistics
    causes = ", ".join(f"{count:,} {cause.value}" for cause, count in seen.causes.most_common())
    lines = [
        f"ticks          {seen.ticks:,}, {seen.actions:,} with the policy's action in time",
        f"inference      {seen.latency}",
    ]
    if seen.jitter.count:
        lines.append(f"start of tick  {seen.jitter} after its time")
        lines.append(f"deadlines      {seen.missed:,} missed, {seen.skipped:,} of them in skipped ticks")
    lines.append(f"safe actions   {loop.n_safe:,}, the one at the end among them")
    if causes:
        lines.append(f"failures       {causes}; the last {seen.last_failure}")
    return lines


def summary(loop: ControlLoop, rate_hz: float) -> list[str]:
    """Return the run's figures and its histogram of latency, a line each."""
    seen = loop.statistics
    reached = seen.ticks / seen.seconds if seen.seconds else 0.0
    asked = f", asked for {rate_hz:g}" if rate_hz else ""
    return [
        f"ran            {seen.seconds:.2f} s, {reached:,.1f} ticks a second{asked}",
        *figures(loop),
        *seen.latency.bars().splitlines(),
    ]
