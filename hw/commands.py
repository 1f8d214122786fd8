"""The hardware commands."""

from ganglion.models.command_line import Command

_ENV = {"ENV": "name"}

COMMANDS = (
    Command(
        name="hw",
        target="ganglion.hw.build:run",
        help="a policy to verified RTL, resources and a report",
        variables=_ENV,
    ),
    Command(
        name="bitstream",
        target="ganglion.hw.build:run_bitstream",
        help="verified RTL and a bit file for the board",
        variables=_ENV,
    ),
    Command(
        name="explore",
        target="ganglion.hw.studies.explore:run",
        help="every engine for one policy, measured side by side",
        variables=_ENV,
    ),
    Command(
        name="growth",
        target="ganglion.hw.studies.growth:run",
        help="how each engine grows with the nonzero weights: a table and a plot from some 25 builds",
        variables=_ENV,
    ),
    Command(
        name="bench",
        target="ganglion.hw.studies.bench:run",
        help="speed of the engines' simulators, after explore",
        variables=_ENV,
    ),
    Command(
        name="bench-frames",
        target="ganglion.hw.studies.bench_frames:run",
        help="a policy that sees, a frame at a time: simulated, predicted, and on this CPU",
        variables=_ENV,
    ),
    Command(name="compile", target="ganglion.hw.compile:run", help="stage: a build's policy to RTL"),
    Command(
        name="simulate", target="ganglion.hw.simulate:run", help="stage: verify a build's RTL bit for bit"
    ),
    Command(
        name="closed-loop",
        target="ganglion.hw.closed_loop:run",
        help="stage: episodes through a build's simulated RTL, step by step beside PyTorch",
    ),
    Command(
        name="shell",
        target="ganglion.hw.shell.generate:run",
        help="stage: a build's accelerator behind buses, with its register map, and a simulated one",
    ),
    Command(name="synth", target="ganglion.hw.synth:run", help="stage: a build's resources by yosys"),
    Command(
        name="gates",
        target="ganglion.hw.gates:run",
        help="stage: verify a build's netlist bit for bit, and estimate its energy",
    ),
    Command(name="report", target="ganglion.hw.report:run", help="stage: a build's report from all stages"),
)
