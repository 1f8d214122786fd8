"""Many vectors through simulated accelerators on every core: the answers alone, and how fast they come."""

import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ganglion.hw.design.design import Design
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.verilate import verilate
from ganglion.models.reference import Ints

# What a simulator gets at once: enough that the way through the pipes does not show, not more than it answers
# within a small part of the harness' deadline.
BLOCK_VECTORS, BLOCK_CYCLES = 4096, 200_000
PROBE_VECTORS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How long `vectors` took: seconds on the clock, and of processor time in simulators and Python."""

    vectors: int
    wall_s: float
    cpu_s: float

    @property
    def inferences_per_s(self) -> int:
        """Vectors per second on the clock."""
        return round(self.vectors / self.wall_s)

    @property
    def cpu_us_per_inference(self) -> float:
        """Processor time of a vector in µs, which other work on the machine changes little."""
        return round(1e6 * self.cpu_s / self.vectors, 3)


def untapped_bench(design: Design, cache: Path) -> Bench:
    """Return a bench that watches the output and no layer, which is what its simulator is quicker for."""
    bare = replace(design, taps=())
    return Bench.of(bare, verilate(bare, cache))


def simulate_many(
    bench: Bench, inputs: Ints, workers: int | None = None, block_vectors: int = BLOCK_VECTORS
) -> Ints:
    """Return the answers to inputs: [n, in] → [n, out] int64, from a simulator a core unless told otherwise.

    Each simulator gets blocks of them in any order: it is for networks that remember nothing.
    A simulator that gets stuck or breaks its handshake raises MismatchError.
    """
    answers = np.empty((len(inputs), bench.design.output.format.features), dtype=np.int64)
    size = min(block_vectors, max(1, BLOCK_CYCLES // max(1, sum(bench.design.layer_cycles))))
    blocks = [slice(start, start + size) for start in range(0, len(inputs), size)]
    n_workers = workers or os.cpu_count() or 1

    def work(first: int) -> None:
        with bench.serving() as answer:
            for block in blocks[first::n_workers]:
                answers[block] = answer(inputs[block])

    with ThreadPoolExecutor(n_workers) as pool:
        list(pool.map(work, range(n_workers)))
    return answers


def measure_speed(bench: Bench, workers: int, seconds: float) -> Speed:
    """Return the speed on as many random vectors as take about `seconds`, start-up included."""
    probe = _timed(bench, PROBE_VECTORS, workers=1)
    return _timed(bench, max(PROBE_VECTORS, round(workers * seconds * probe.vectors / probe.wall_s)), workers)


def _timed(bench: Bench, n_vectors: int, workers: int) -> Speed:
    stream = bench.design.input.format
    shape = (n_vectors, stream.features)
    inputs = np.random.default_rng(0).integers(stream.type.low, stream.type.high + 1, shape)
    wall_s, cpu_s = time.monotonic(), used_cpu_s()
    simulate_many(bench, inputs, workers)
    return Speed(vectors=n_vectors, wall_s=time.monotonic() - wall_s, cpu_s=used_cpu_s() - cpu_s)


def used_cpu_s() -> float:
    """Return the processor time of this process and of those that it has ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
