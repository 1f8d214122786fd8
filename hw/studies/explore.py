"""Stage: the engines side by side, each compiled, simulated and synthesized for the same policy.

Each has a build beside that of the policy (build/Hopper-<policy>-folded8, ...); the table is
build/Hopper/explore.json, its picture explore.png and explore.svg. What is up to date is not built again. Of
convolutions, whose engine takes minutes to build, only the fastest is; the others are planned beside it.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from ganglion.hw import compile, gates, simulate, synth
from ganglion.hw.design.design import load_design
from ganglion.hw.engines.engine import Candidate, EngineSettings
from ganglion.hw.engines.registry import engines, find_engine, refusal
from ganglion.hw.mapping.choose import Choice, choose, log_choice
from ganglion.hw.mapping.compile_settings import TargetOptions, options_for
from ganglion.hw.sim.bulk import measure_speed, untapped_bench
from ganglion.hw.sim.latency import worst_case_cycles
from ganglion.hw.sim.verilate import simulator_cache
from ganglion.hw.studies.explore_plot import plot_explore
from ganglion.hw.target.board import Board, find_board
from ganglion.models.build.codec import decode_json, encode
from ganglion.models.build.errors import CompileError, GanglionError, MismatchError, ToolError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.pictures import png_and_svg
from ganglion.models.build.settings import BuildSettings, nameable
from ganglion.models.build.stage import Stage
from ganglion.models.build.tables import print_whole
from ganglion.models.formats.policy_folder import load_policy, read_description
from ganglion.models.reference import IntNetwork
from ganglion.models.select_policy import policy_folder, select

log = logging.getLogger(__name__)

ENGINES = tuple(
    options_for(engine.name, **{name: getattr(settings, name) for name in engine.varied})
    for engine in engines()
    for settings in engine.compared or engine.usual
)
COUNTS = ("lut", "ff", "dsp", "bram")
STAGES = ("compile", "simulate", "synth")
# The table's columns: heading and key of a row; where cycles depend on data they are the most of the probes'.
COLUMNS = {
    "most cycles": "latency_cycles",
    "most µs": "latency_us",
    "interval": "interval_cycles",
    **{count.upper(): count for count in COUNTS},
    "sim/s": "simulated_inferences_per_s",
    "seconds": "seconds",
}
# Shown where a row has them: what no step exceeds, proven, of an engine whose cycles depend on data; what
# netlists switch, counted alike for all engines, the comparison that holds without any constant.
SOME_COLUMNS = {"worst case": "worst_case_cycles", "toggles": "toggles_per_action", "nJ ≥": "energy_nj"}
SPEED_S = 2.0


@dataclass(frozen=True, kw_only=True)
class StudySettings(BuildSettings):
    """A policy and a board."""

    board: str = TargetOptions.board
    """The board: its name, an alias, or a TOML file of its own beside its family's."""

    def __post_init__(self) -> None:
        find_board(self.board)


@dataclass(frozen=True, kw_only=True)
class ExploreSettings(StudySettings):
    """A policy, a board, and whether netlists are simulated too."""

    gates: bool = False
    """Simulate each engine's netlist too, and compare what an action switches; minutes more an engine."""


def explore(
    paths: BuildPaths, board: str, choices: Sequence[TargetOptions] = ENGINES, *, with_gates: bool = False
) -> list[dict[str, Any]]:
    """Return a row an engine: its cycles, resources by synthesis, simulation speed and seconds to build."""
    rows = []
    for options in able(load_policy(paths.policy).network, choices):
        label = engine_label(options)
        log.info("explore: %s", label)
        try:
            with compiled(paths, paths.policy, replace(options, board=board)) as build:
                row = {"engine": label, "build": build.root.name} | measured(build) | speed(build)
                rows.append(row | (switched(build) if with_gates else {}))
        except MismatchError:
            raise
        except GanglionError as error:
            log.warning("explore: %s left out: %s", label, error)
    return rows


def able(network: IntNetwork, choices: Sequence[TargetOptions]) -> list[TargetOptions]:
    """Return the choices whose engine can compute the network, and say of each other engine why it cannot."""
    refusals = {name: refusal(network, find_engine(name)) for name in {each.engine: None for each in choices}}
    for name, why in refusals.items():
        if why is not None:
            log.warning("explore: %s left out: %s", name, why)
    return [each for each in choices if refusals[each.engine] is None]


def planned(network: IntNetwork, board: Board) -> Choice | None:
    """Return what an engine with a tail could be, each with its fastest tail that fits; None without one."""
    if not any(engine.tail and engine.n_first(network.spec.layers) for engine in engines()):
        return None
    choice = choose(network, board)

    def order(each: Candidate) -> tuple[bool, int, float]:
        resources = each.resources
        return not board.holds(resources), each.latency_cycles, resources.share_of(board.resources)

    best: dict[tuple[str, EngineSettings], Candidate] = {}
    for each in sorted(choice.candidates, key=order):
        best.setdefault((each.engine, each.settings), each)
    return replace(choice, candidates=tuple(best.values()))


def engine_label(options: TargetOptions) -> str:
    """Return "folded 8" for the folded engine with 8 lanes."""
    varied = dict.fromkeys(name for engine in engines() for name in engine.varied)
    given = [getattr(options, name, None) for name in varied]
    return " ".join([options.engine, *(str(value) for value in given if value is not None)])


@contextmanager
def compiled(paths: BuildPaths, policy: Path, options: TargetOptions) -> Iterator[BuildPaths]:
    """Yield the build of the policy in a folder with an engine, beside the build `paths`, and hold it alone.

    It is named after that build, the policy and the engine; what is up to date is not made again.
    """
    label, name = engine_label(options).replace(" ", ""), nameable(read_description(policy).name)
    build = BuildPaths(root=paths.root.with_name(f"{paths.root.name}-{name}-{label}"))
    with locked(build.root):
        select(build, policy)
        compile.compile_build(build, options)
        yield build


def measured(build: BuildPaths) -> dict[str, Any]:
    """Return what simulation and synthesis of one build measure."""
    settings = BuildSettings(name=build.root.name, build=build.root.parent)
    simulate.run(settings)
    synth.run(settings)
    simulation, synthesis = read_json(build.sim), read_json(build.synth)
    design = load_design(build)
    return {
        "latency_cycles": simulation["latency_cycles"],
        "latency_us": round(simulation["latency_cycles"] / design.clock_mhz, 3),
        "worst_case_cycles": worst_case_cycles(design, load_policy(build.policy).network),
        "interval_cycles": simulation["interval_cycles"],
        **{key: synthesis[key] for key in COUNTS},
        "mismatches": simulation["mismatches"],
        "seconds": round(sum(Stage.at(build.root, name).seconds for name in STAGES), 1),
    }


def speed(build: BuildPaths) -> dict[str, int]:
    """Return vectors per second of the simulators that all cores run, without taps, as of now."""
    bench = untapped_bench(load_design(build), simulator_cache(build))
    measured_speed = measure_speed(bench, os.cpu_count() or 1, SPEED_S)
    return {"simulated_inferences_per_s": measured_speed.inferences_per_s}


def switched(build: BuildPaths) -> dict[str, float | None]:
    """Return what an action switches in a build's proven netlist, and the least it costs; null if unknown."""
    try:
        gates.run(gates.GatesSettings(name=build.root.name, build=build.root.parent))
    except ToolError as error:
        log.warning("explore: %s", error)
        return {"toggles_per_action": None, "energy_nj": None}
    found = decode_json(gates.GateLevel, build.gates)
    low = found.energy.dynamic_nj
    return {"toggles_per_action": round(found.activity.total), "energy_nj": None if low is None else low[0]}


def print_table(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print one line an engine."""
    table = Table(title=title)
    table.add_column("engine")
    columns = COLUMNS | {head: key for head, key in SOME_COLUMNS.items() if any(row.get(key) for row in rows)}
    for head in columns:
        table.add_column(head, justify="right")
    for row in rows:
        values = [row[key] for key in columns.values()]
        table.add_row(row["engine"], *("" if value is None else f"{value:,}" for value in values))
    print_whole(table)


def run(settings: ExploreSettings) -> None:
    """Build and measure every engine, write explore.json and its pictures, print the table."""
    paths = settings.paths
    select(paths, policy_folder(settings))
    board = find_board(settings.board)
    choice = planned(load_policy(paths.policy).network, board)
    if choice is not None:
        log_choice(choice, "explore")
    rows = explore(paths, settings.board, with_gates=settings.gates)
    if not rows:
        raise CompileError(f"explore: no engine could be built for {settings.board}; the lines above say why")
    found = {"board": settings.board, "engines": rows, "planned": choice and encode(choice.report)}
    write_json(paths.root / "explore.json", found)
    title = f"{paths.root.name} on {settings.board}"
    plot_explore(rows, choice.candidates if choice else (), board, png_and_svg(paths.root / "explore"), title)
    print_table(rows, f"{title}, measured")
