"""The control loop on a board: python -m ganglion.deploy.control, in a bundle's folder, with numpy alone."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.deploy.arguments import run_on_board
from ganglion.deploy.control.run import RunSettings, function_of, run_loop
from ganglion.deploy.policy import Policy


@dataclass(frozen=True, kw_only=True)
class BoardSettings(RunSettings):
    """Run a bundle's policy at a fixed rate between your functions `read` and `write`."""

    read: str
    """Your function that returns an observation, None to end the run: robot:read for read() of robot.py."""
    write: str
    """Your function that takes an action, as robot:write."""
    bundle: Path = Path()
    """The bundle's folder."""
    transport: str | None = None
    """pynq, serial:<device> or simulated:<library>, if not the bundle's own."""


def run(settings: BoardSettings) -> None:
    """Run the loop until it is stopped."""
    read, write = function_of("read", settings.read), function_of("write", settings.write)
    with Policy.load(settings.bundle, settings.transport) as policy:
        run_loop(policy, policy.manifest.host, read, write, settings)


if __name__ == "__main__":
    run_on_board(run, BoardSettings, "control")
