"""Stage: the engines side by side, each compiled, simulated and synthesized for the same policy.

`python -m hw.explore Hopper` takes the policy of build/Hopper, makes a build per engine beside it
(build/Hopper-folded8, ...) and writes build/Hopper/explore.json. What is up to date is not built again.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from models.artifacts import BuildPaths, ToolError, read_json, run_stage, write_json
from models.stages import Stage

ENGINES: tuple[tuple[str, ...], ...] = (
    ("dense",),
    *(("folded", "--lanes", str(lanes)) for lanes in (4, 8, 16, 32)),
    *(("unrolled", "--cut", str(cut)) for cut in (1, 2, 4)),
)
COUNTS = ("lut", "ff", "dsp", "bram18")
DEADLINE_S = 3600


def explore(name: str, board: str) -> list[dict[str, Any]]:
    """Return a row an engine: its cycles, resources by synthesis, simulation speed and seconds to build."""
    rows = []
    for engine, *options in ENGINES:
        label = " ".join([engine, *(option for option in options if not option.startswith("--"))])
        build = f"{name}-{label.replace(' ', '')}"
        print(f"explore: {label}", flush=True)
        stage("select_policy", build, "--policy", str(BuildPaths.of(name).policy))
        try:
            stage("compile", build, "--board", board, "--engine", engine, *options)
        except ToolError as error:
            print(f"explore: {label} left out: {error}")
            continue
        stage("simulate", build)
        stage("synth", build)
        rows.append({"engine": label} | measured(BuildPaths.of(build)))
    return rows


def stage(module: str, *arguments: str) -> None:
    """Run a stage of its own; its one-line error becomes a ToolError."""
    command = [sys.executable, "-m", f"hw.{module}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise ToolError(f"hw.{module} {arguments[0]} did not end within {DEADLINE_S} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ToolError(f"hw.{module} {arguments[0]}: {lines[-1].removeprefix('error: ')}")


def measured(paths: BuildPaths) -> dict[str, Any]:
    """Return what the stages of one build measured."""
    simulation, synthesis, clock_mhz = (
        read_json(paths.sim),
        read_json(paths.synth),
        read_json(paths.hw)["clock_mhz"],
    )
    seconds = [
        read_json(Stage.at(paths.root, name).record)["seconds"] for name in ("compile", "simulate", "synth")
    ]
    return {
        "latency_cycles": simulation["latency_cycles"],
        "latency_us": round(simulation["latency_cycles"] / clock_mhz, 3),
        "interval_cycles": simulation["interval_cycles"],
        **{key: synthesis[key] for key in COUNTS},
        "simulated_inferences_per_s": simulation["inferences_per_s"],
        "mismatches": simulation["mismatches"],
        "seconds": round(sum(seconds), 1),
    }


def print_table(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print one line an engine."""
    table = Table(title=title)
    table.add_column("engine")
    heads = ("cycles", "µs", "interval", "LUT", "FF", "DSP", "BRAM18", "sim/s", "wrong", "seconds")
    for head in heads:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*(value if isinstance(value, str) else f"{value:,}" for value in row.values()))
    Console(width=110).print(table)


def main() -> None:
    """Parse the command line and explore."""
    parser = argparse.ArgumentParser(prog="hw.explore", description=__doc__)
    parser.add_argument("name", help="the build under build/ whose policy is taken, for example Hopper")
    parser.add_argument("--board", default="Pynq-Z2")
    arguments = parser.parse_args()
    paths = BuildPaths.of(arguments.name)
    rows = explore(arguments.name, arguments.board)
    write_json(paths.root / "explore.json", {"board": arguments.board, "engines": rows})
    print_table(rows, f"{arguments.name} on {arguments.board}, measured")


if __name__ == "__main__":
    run_stage(main)
