"""The commands of this room."""

from ganglion.models.command_line import Command

_ENV = {"ENV": "name"}

COMMANDS = (
    Command(
        name="bundle",
        target="ganglion.deploy.bundle.make:run",
        help="one archive with all that a board needs of a build",
        variables=_ENV,
    ),
    Command(
        name="bench-driver",
        target="ganglion.deploy.bench:run",
        help="how long the driver's host work takes a call, beside the reference's; to build/bench.json",
        variables=_ENV,
    ),
    Command(
        name="deploy",
        target="ganglion.deploy.push:run",
        help="a build's bundle to a board over ssh, and its self-test there",
        variables=_ENV,
    ),
    Command(
        name="control",
        target="ganglion.deploy.control.command:run",
        help="a build's policy at a fixed rate in an environment, or between your functions",
        variables=_ENV,
    ),
)
