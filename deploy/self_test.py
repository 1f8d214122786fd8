"""The self-test of a bundle: python -m ganglion.deploy.self_test, in its folder, with numpy alone."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ganglion.deploy.arguments import run_on_board
from ganglion.deploy.control.histogram import Histogram
from ganglion.deploy.golden import read_golden
from ganglion.deploy.policy import Policy


@dataclass(frozen=True, kw_only=True)
class SelfTestSettings:
    """Hold a bundle's accelerator against its golden vectors, and tell how long an action takes."""

    bundle: Path = Path()
    """The bundle's folder."""
    transport: str | None = None
    """pynq, serial:<device> or simulated:<library>, if not the bundle's own."""
    calls: int = 1000
    """Actions to time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long actions took: the accelerator, the way there and back, the host's work, and all of it."""

    core: Histogram = field(default_factory=Histogram)
    transport: Histogram = field(default_factory=Histogram)
    host: Histogram = field(default_factory=Histogram)
    total: Histogram = field(default_factory=Histogram)

    def __str__(self) -> str:
        """Return a line for each."""
        names = ("core", "transport", "host", "total")
        return "\n".join(f"{name:9}  {getattr(self, name)}" for name in names)


def measure(policy: Policy, observations: npt.NDArray[np.float32], calls: int) -> Times:
    """Return the times of `calls` actions for observations [n, observation_features], in turn."""
    times = Times()
    for index in range(calls):
        policy(observations[index % len(observations)])
        taken = policy.timing
        for histogram, microseconds in (
            (times.core, taken.core_us),
            (times.transport, taken.transport_us),
            (times.host, taken.host_us),
            (times.total, taken.core_us + taken.transport_us + taken.host_us),
        ):
            histogram.add(round(1e3 * microseconds))
    return times


def run(settings: SelfTestSettings) -> None:
    """Load a bundle, check all its golden vectors, time actions, and print both."""
    with Policy.load(settings.bundle, settings.transport) as policy:
        n_vectors = policy.self_test()
        manifest = policy.manifest
        print(f"{manifest.name} for {manifest.board}: {n_vectors} golden vectors, 0 differences")
        if manifest.bitstream is None:
            print("simulated: no bit file; transport below is the simulation")
        golden = read_golden(settings.bundle / manifest.golden, manifest.host)
        print(measure(policy, golden.observation, settings.calls))


if __name__ == "__main__":
    run_on_board(run, SelfTestSettings, "self_test")
