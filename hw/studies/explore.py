"""Stage: the engines side by side, each compiled, simulated and synthesized for the same policy.

`python -m ganglion.hw.studies.explore Hopper` takes the policy of build/Hopper, makes a build per engine beside it
(build/Hopper-<policy>-folded8, ...) and writes build/Hopper/explore.json. What is up to date is not built
again.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ganglion.hw.design.design import load_design
from ganglion.hw.sim.bulk import measure_speed, untapped_bench
from ganglion.hw.sim.verilate import simulator_cache
from ganglion.models.build.command import run_stage
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import read_description

ENGINES: tuple[tuple[str, ...], ...] = (
    ("dense",),
    *(("folded", "--lanes", str(lanes)) for lanes in (4, 8, 16, 32)),
    *(("unrolled", "--cut", str(cut)) for cut in (1, 2, 4)),
)
COUNTS = ("lut", "ff", "dsp", "bram18")
# The table's columns: heading and key of a row.
COLUMNS = {
    "cycles": "latency_cycles",
    "µs": "latency_us",
    "interval": "interval_cycles",
    **{count.upper(): count for count in COUNTS},
    "sim/s": "simulated_inferences_per_s",
    "wrong": "mismatches",
    "seconds": "seconds",
}
SPEED_S = 2.0
DEADLINE_S = 3600


def explore(name: str, board: str) -> list[dict[str, Any]]:
    """Return a row an engine: its cycles, resources by synthesis, simulation speed and seconds to build."""
    rows = []
    for engine in ENGINES:
        label = engine_label(engine)
        print(f"explore: {label}", flush=True)
        try:
            build = compile_engine(name, BuildPaths.of(name).policy, board, engine)
        except ToolError as error:
            print(f"explore: {label} left out: {error}")
            continue
        rows.append({"engine": label, "build": build.root.name} | measured(build) | speed(build))
    return rows


def engine_label(engine: Sequence[str]) -> str:
    """Return "folded 8" for the options ("folded", "--lanes", "8")."""
    return " ".join(option for option in engine if not option.startswith("--"))


def compile_engine(name: str, policy: Path, board: str, engine: Sequence[str]) -> BuildPaths:
    """Return the build of the policy in a folder with an engine; a refusal raises ToolError with its reason.

    It lies beside build/<name>, named after the policy and the engine; what is up to date is not made again.
    """
    label = engine_label(engine).replace(" ", "")
    build = f"{name}-{read_description(policy).name}-{label}"
    stage("models.select_policy", build, "--policy", str(policy))
    stage("hw.compile", build, "--board", board, "--engine", *engine)
    return BuildPaths.of(build)


def stage(module: str, *arguments: str) -> None:
    """Run a stage of its own; its one-line error becomes a ToolError."""
    command = [sys.executable, "-m", f"ganglion.{module}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise ToolError(f"ganglion.{module} {arguments[0]} did not end within {DEADLINE_S} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ToolError(f"ganglion.{module} {arguments[0]}: {lines[-1].removeprefix('error: ')}")


def measured(build: BuildPaths) -> dict[str, Any]:
    """Return what simulation and synthesis of one build measure."""
    for name in ("simulate", "synth"):
        stage(f"hw.{name}", build.root.name)
    simulation, synthesis = read_json(build.sim), read_json(build.synth)
    clock_mhz = read_json(build.hw)["clock_mhz"]
    seconds = [
        read_json(Stage.at(build.root, name).record)["seconds"] for name in ("compile", "simulate", "synth")
    ]
    return {
        "latency_cycles": simulation["latency_cycles"],
        "latency_us": round(simulation["latency_cycles"] / clock_mhz, 3),
        "interval_cycles": simulation["interval_cycles"],
        **{key: synthesis[key] for key in COUNTS},
        "mismatches": simulation["mismatches"],
        "seconds": round(sum(seconds), 1),
    }


def speed(build: BuildPaths) -> dict[str, int]:
    """Return vectors per second of the simulators that all cores run, without taps, as of now."""
    bench = untapped_bench(load_design(build), simulator_cache(build))
    measured_speed = measure_speed(bench, os.cpu_count() or 1, SPEED_S)
    return {"simulated_inferences_per_s": measured_speed.inferences_per_s}


def print_table(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print one line an engine."""
    table = Table(title=title)
    table.add_column("engine")
    for head in COLUMNS:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(row["engine"], *(f"{row[key]:,}" for key in COLUMNS.values()))
    Console(width=110).print(table)


def main() -> None:
    """Parse the command line and explore."""
    parser = argparse.ArgumentParser(prog="ganglion.hw.studies.explore", description=__doc__)
    parser.add_argument("name", help="the build under build/ whose policy is taken, for example Hopper")
    parser.add_argument("--board", default="Pynq-Z2")
    arguments = parser.parse_args()
    paths = BuildPaths.of(arguments.name)
    rows = explore(arguments.name, arguments.board)
    write_json(paths.root / "explore.json", {"board": arguments.board, "engines": rows})
    print_table(rows, f"{arguments.name} on {arguments.board}, measured")


if __name__ == "__main__":
    run_stage(main)
