"""What happened in a run of the control loop, and in one of its ticks."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ganglion.deploy.control.histogram import Histogram


class Cause(Enum):
    """Why a tick did not get the policy's action in time."""

    READ = "read"
    INFERENCE = "inference"
    LATE = "late"
    WRITE = "write"


@dataclass(slots=True, kw_only=True)
class Statistics:
    """What happened so far."""

    ticks: int = 0
    actions: int = 0
    """Ticks that got the policy's action in time, or the policy's action at all without a deadline."""
    skipped: int = 0
    """Ticks that passed while an earlier one went on."""
    causes: Counter[Cause] = field(default_factory=Counter)
    """Ticks without an action of the policy in time, by cause."""
    in_a_row: int = 0
    last_failure: str = ""
    latency: Histogram = field(default_factory=Histogram)
    """From the observation to the policy's answer."""
    jitter: Histogram = field(default_factory=Histogram)
    """From the time at which a tick was to start to its start."""
    seconds: float = 0.0

    @property
    def missed(self) -> int:
        """Deadlines missed: actions that came late, and ticks skipped."""
        return self.causes[Cause.LATE] + self.skipped


@dataclass(slots=True)
class Tick:
    """One tick, for the log."""

    number: int
    start_ns: int
    observation: Any = None
    action: Any = None
    latency_ns: int | None = None
    cause: Cause | None = None
    said: str = ""
