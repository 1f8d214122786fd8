"""Stage: how fast a build's simulator is, in vectors and cycles per second, on one core and on all.

`python -m hw.bench Hopper` adds its section to build/bench.json.
"""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hw.design import Design, load_design
from hw.harness import Bench, Traffic
from hw.verilate import simulator_cache, verilate
from models.artifacts import BENCH, BuildPaths, merge_json, run_stage
from models.reference import Ints

# A timed run lasts about this long, so that start-up does not count.
TARGET_S = 5.0
PROBE_VECTORS = 200


def measure(design: Design, bench: Bench) -> dict[str, Any]:
    """Return simulated vectors per second with one and with as many processes as there are cores."""
    probe_s, _ = _timed(bench, PROBE_VECTORS, workers=1)
    n_vectors = max(PROBE_VECTORS, round(PROBE_VECTORS * TARGET_S / probe_s))
    cores = os.cpu_count() or 1
    one_s, cycles = _timed(bench, n_vectors, workers=1)
    all_s, _ = _timed(bench, n_vectors, workers=cores)
    return {
        "engine": design.engine,
        "vectors": n_vectors,
        "inferences_per_s": round(n_vectors / one_s),
        "cycles_per_s": round(cycles / one_s),
        "cores": cores,
        "inferences_per_s_all_cores": round(cores * n_vectors / all_s),
        "compile_s": bench.simulator.compile_s,
    }


def _timed(bench: Bench, n_vectors: int, workers: int) -> tuple[float, int]:
    """Return the seconds that `workers` simulators take for `n_vectors` each, and the cycles of one."""
    inputs = _random_inputs(bench.design, n_vectors)
    start = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        cycles = list(pool.map(lambda _: _run(bench, inputs), range(workers)))
    return time.monotonic() - start, cycles[0]


def _run(bench: Bench, inputs: Ints) -> int:
    with TemporaryDirectory() as scratch:
        return bench.run(inputs, Traffic(), Path(scratch)).cycles


def _random_inputs(design: Design, n_vectors: int) -> Ints:
    stream = design.input.format
    low, high = stream.type.low, stream.type.high
    return np.random.default_rng(0).integers(low, high + 1, (n_vectors, stream.features))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(prog="python -m hw.bench", description=__doc__)
    parser.add_argument("name", help="the build under build/, for example Hopper")
    paths = BuildPaths.of(parser.parse_args(arguments).name)
    design = load_design(paths)
    bench = Bench(design=design, simulator=verilate(design, simulator_cache(paths)))
    result = measure(design, bench)
    merge_json(BENCH, {"simulation": {paths.root.name: result}})
    print(
        f"simulation: {result['inferences_per_s']:,} inferences/s on one core, "
        f"{result['inferences_per_s_all_cores']:,} on {result['cores']} ({result['engine']} engine)"
    )


if __name__ == "__main__":
    run_stage(main)
