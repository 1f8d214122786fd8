"""A robot and a policy in the control loop's hands, with faults on demand."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ganglion.deploy.control.loop import ControlLoop
from ganglion.deploy.control.pace import Pace
from ganglion.deploy.control.statistics import Tick
from ganglion.deploy.host_ends import HostEnds, RealObservation, TanhAction

HOST = HostEnds(
    observation=RealObservation(observation_features=2, features=(0, 1), offset=(0.0, 0.0), gain=(1.0, 1.0)),
    low=-128,
    high=127,
    action=TanhAction(exponent=-6, low=(-1.0, -1.0), high=(1.0, 1.0)),
)
SAFE = np.zeros(2, dtype=np.float32)


class Robot:
    """Reads the number of the read twice, and keeps what was written and when."""

    def __init__(self, n_reads: int = 5) -> None:
        self.n_reads = n_reads
        self.reads = 0
        self.written: list[list[float]] = []
        self.times: list[float] = []

    def read(self) -> Any:
        if self.reads == self.n_reads:
            return None
        self.reads += 1
        return np.full(2, self.reads, dtype=np.float32)

    def write(self, action: Any) -> None:
        self.times.append(time.monotonic())
        self.written.append(np.asarray(action).tolist())

    def wait_for_writes(self, count: int) -> None:
        """Hang until so many actions were written; the test fails if it takes 20 seconds."""
        end = time.monotonic() + 20
        while len(self.written) < count:
            assert time.monotonic() < end
            time.sleep(0.001)


def infer(observation: Any) -> Any:
    """Return a tenth of the observation, as a policy would."""
    return observation / np.float32(10)


def failing(at: int, fault: Callable[[], Any], good: Callable[..., Any] = infer) -> Callable[..., Any]:
    """Return `good` with `fault` called in place of its call number `at`, from 1."""
    calls = 0

    def call(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            fault()
        return good(*arguments)

    return call


def raising(error: Exception) -> Callable[[], Any]:
    def fault() -> None:
        raise error

    return fault


def loop_of(
    robot: Robot, policy: Callable[..., Any] = infer, *, safe: Any = SAFE, **pace: Any
) -> ControlLoop:
    """Return a loop of the policy between the robot's read and write."""
    return ControlLoop(
        read=robot.read,
        infer=policy,
        write=robot.write,
        pace=Pace(**pace),
        safe=safe,
        first=SAFE,
        give_up=lambda said: None,
    )


def ticks_of(loop: ControlLoop) -> list[Tick]:
    """Run the loop; return its ticks."""
    ticks: list[Tick] = []
    loop.run(ticks.append)
    return ticks
