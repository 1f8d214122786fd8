"""Stage: how fast the engines' simulators are, with and without taps, on one core and on all.

It measures builds that `explore` made and adds its section to build/bench.json.
"""

import os
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from ganglion.hw.design.design import load_design
from ganglion.hw.sim.bulk import Speed, measure_speed, untapped_bench
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.verilate import simulator_cache, verilate
from ganglion.models.build.files import merge_json, read_json
from ganglion.models.build.paths import BENCH_FILE, BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.tables import print_whole

ENGINES = ("dense", "folded 8", "folded 32", "unrolled 2", "planar")
MEASURED_S = 3.0


def measure(engine: str, build: BuildPaths, seconds: float) -> list[dict[str, Any]]:
    """Return the row of the simulator with taps and of that without, compiled if they are not cached."""
    design, cache = load_design(build), simulator_cache(build)
    benches = {
        "every layer": Bench.of(design, verilate(design, cache)),
        "none": untapped_bench(design, cache),
    }
    rows = []
    for taps, bench in benches.items():
        one, every = (measure_speed(bench, workers, seconds) for workers in (1, os.cpu_count() or 1))
        rows.append(
            {
                "engine": engine,
                "taps": taps,
                "compile_s": bench.simulator.compile_s,
                "one_core": _speed_json(one),
                "all_cores": _speed_json(every),
            }
        )
    return rows


def _speed_json(speed: Speed) -> dict[str, float]:
    return {
        "vectors": speed.vectors,
        "inferences_per_s": speed.inferences_per_s,
        "cpu_us_per_inference": speed.cpu_us_per_inference,
    }


def print_table(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print one line a simulator."""
    table = Table(title=title)
    for head in ("engine", "taps on"):
        table.add_column(head)
    for head in ("compiled in s", "one core: vectors/s", "all cores: vectors/s", "CPU µs a vector"):
        table.add_column(head, justify="right")
    for row in rows:
        one, every = row["one_core"], row["all_cores"]
        table.add_row(
            row["engine"],
            row["taps"],
            f"{row['compile_s']:.0f}",
            f"{one['inferences_per_s']:,}",
            f"{every['inferences_per_s']:,}",
            f"{one['cpu_us_per_inference']:.2f}",
        )
    print_whole(table)


def run(settings: BuildSettings) -> None:
    """Measure the simulators of a policy's engines, add them to bench.json and print the table."""
    bench(settings.paths)


def bench(paths: BuildPaths, engines: Sequence[str] = ENGINES, seconds: float = MEASURED_S) -> None:
    """Measure the simulators of these engines among the explored; ExportError when none were explored."""
    name = paths.root.name
    entries = read_json(paths.made(paths.root / "explore.json", "explore"))["engines"]
    rows: list[dict[str, Any]] = []
    for entry in entries:
        if entry["engine"] in engines:
            rows += measure(entry["engine"], BuildPaths.of(entry["build"], paths.root.parent), seconds)
    section = {"engines": {name: entries}, "simulation": {name: rows}}
    merge_json(paths.root.with_name(BENCH_FILE), section)
    print_table(rows, f"simulators of {name}'s engines, {os.cpu_count()} cores")
