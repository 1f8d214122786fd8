"""From a policy to verified hardware: the stages in their order, synthesis beside simulation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw import bitstream, capacity, closed_loop, compile, gates, report, simulate, synth
from ganglion.hw.design.design import load_design
from ganglion.hw.gatelevel.bench import require_simulable
from ganglion.hw.mapping.compile_settings import EngineOptions
from ganglion.hw.shell import generate
from ganglion.models.build.codec import decode_json
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.select_policy import policy_folder, select


@dataclass(frozen=True, kw_only=True)
class HwSettings(EngineOptions, BuildSettings):
    """A policy, a board, and the engines to build it with."""

    gates: bool = False
    """Simulate the netlist of synthesis too, against every golden vector; minutes more."""
    seeds: int = bitstream.SEEDS
    """How many placements may be tried, where a bit file is made (see bitstream)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        bitstream.check_seeds(self.seeds)


def run(settings: HwSettings) -> None:
    """Build, verify, synthesize and report; a bit file too where a flow for the board is installed.

    A design that synthesis finds larger than the part raises CompileError, with the nearest that should fit.
    """
    paths, folder = settings.paths, policy_folder(settings)
    with locked(paths.root), synth.preparing() as ready, ThreadPoolExecutor(1) as pool:
        build = _compiled(settings, paths, folder)
        if settings.gates:
            require_simulable(load_design(build.paths))
        synthesis = pool.submit(lambda: (ready(), synth.run(build)))
        _verify(build)
        synthesis.result()
        capacity.require_room(load_design(build.paths), decode_json(synth.Synthesis, build.paths.synth))
        if settings.gates:
            gates.run(gates.GatesSettings(name=build.name, build=build.build))
        bitstream.run(_bitstream(settings, build))
        report.run(build)


def run_bitstream(settings: HwSettings) -> None:
    """Build and verify, then make the bit file; ToolError, before anything is built, where no flow can."""
    paths, folder = settings.paths, policy_folder(settings)
    bitstream.require_flow(settings.checked().board)
    with locked(paths.root):
        build = _compiled(settings, paths, folder)
        _verify(build)
        bitstream.run(_bitstream(settings, build, require=True))


def _compiled(settings: HwSettings, paths: BuildPaths, folder: Path) -> BuildSettings:
    select(paths, folder)
    compile.compile_build(paths, settings)
    return BuildSettings(name=paths.root.name, build=settings.build)


def _verify(build: BuildSettings) -> None:
    simulate.run(build)
    closed_loop.run(closed_loop.ClosedLoopSettings(name=build.name, build=build.build))
    generate.run(generate.ShellSettings(name=build.name, build=build.build))


def _bitstream(
    settings: HwSettings, build: BuildSettings, *, require: bool = False
) -> bitstream.BitstreamSettings:
    return bitstream.BitstreamSettings(
        name=build.name, build=build.build, require=require, seeds=settings.seeds
    )
