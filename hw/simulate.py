"""Stage: hold the simulated RTL against the golden integers of every layer, under stalls and resets.

It writes build/<name>/sim.json, and only when every integer is equal.
"""

import logging
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Literal

from ganglion.hw.design.design import Design, design_stage, locked_design
from ganglion.hw.sim.equality import Vectors, check_result
from ganglion.hw.sim.harness import Bench, Result, Traffic
from ganglion.hw.sim.toolchain import toolchain
from ganglion.hw.sim.vectors import proof_vectors
from ganglion.hw.sim.verilate import simulator_cache, verilate
from ganglion.models.build.codec import STRICT, Amount, Count, encode_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings

PROBE_VECTORS = 64
STALL_PERCENTS = (25, 50, 75)
STALLED_VECTORS = 500
RESET_VECTORS = 8
LONGEST_RESET_CYCLES = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """sim.json: what was simulated, always without a mismatch, and what it measured.

    Rates are those of the simulator on all cores, but `hardware_inferences_per_s`, the accelerator's own.
    Where latency and interval depend on data, they are the largest and the mean of the probes.
    """

    __pydantic_config__: ClassVar = STRICT

    vectors: Count
    mismatches: Literal[0]
    stall_percent: tuple[Count, ...]
    stalled_vectors: Count
    resets: Count
    latency_cycles: Count
    interval_cycles: Amount
    inferences_per_s: Count
    cycles_per_s: Count
    hardware_inferences_per_s: Count
    compile_s: Amount
    behavioural: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of the simulator: vectors `start` to `stop` under `traffic`."""

    start: int
    stop: int
    traffic: Traffic

    def __str__(self) -> str:
        """Return a description for messages."""
        traffic = self.traffic
        waits = ", a sink that waits" if traffic.sink_waits else ""
        resets = f", {traffic.reset_cycles} cycles of reset at cycle {traffic.reset_at_cycle}"
        more = waits + (resets if traffic.reset_at_cycle else "")
        return f"vectors {self.start} to {self.stop - 1}, {traffic.stall_percent}% stalls{more}"


def verify(bench: Bench, vectors: Vectors, workers: int) -> Simulation:
    """Return what was measured after every job was bit-exact; a difference raises MismatchError.

    Two probes measure latency (each vector alone) and interval (back to back), to which the rest is scaled.
    """
    start = time.monotonic()
    probe = vectors.episode_end(min(PROBE_VECTORS, len(vectors.inputs)))
    alone, steady = (
        _run(bench, vectors, Job(start=0, stop=probe, traffic=Traffic(spaced=spaced)))
        for spaced in (True, False)
    )
    jobs = plan_jobs(
        vectors,
        latency=alone.latency_max,
        interval=round(steady.interval),
        workers=workers,
    )
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(lambda job: _run(bench, vectors, job), jobs))
    elapsed_s = time.monotonic() - start
    cycles = sum(result.cycles for result in (alone, steady, *results))
    simulated = 2 * probe + sum(job.stop - job.start for job in jobs)
    # Between episodes the accelerator rests.
    measured = results[:workers] if vectors.starts is None else [steady]
    interval = max(round(result.interval, 2) for result in measured)
    return Simulation(
        vectors=len(vectors.inputs),
        mismatches=0,
        stall_percent=(0, *STALL_PERCENTS),
        stalled_vectors=sum(job.stop - job.start for job in jobs if job.traffic.stall_percent),
        resets=sum(result.lost_by_reset > 0 for result in results),
        latency_cycles=alone.latency_max,
        interval_cycles=interval,
        inferences_per_s=round(simulated / elapsed_s),
        cycles_per_s=round(cycles / elapsed_s),
        hardware_inferences_per_s=round(bench.design.clock_mhz * 1e6 / interval),
        compile_s=bench.simulator.compile_s,
        behavioural=bench.design.behavioural,
    )


def plan_jobs(vectors: Vectors, *, latency: int, interval: int, workers: int) -> list[Job]:
    """Return the runs, longest first: all vectors without stalls, parts with stalls, resets in mid-stream.

    Each begins where an episode does. Resets last 1 to `LONGEST_RESET_CYCLES`, the shortest, which leaves
    most behind, at every place.
    """
    count = len(vectors.inputs)
    edges = [vectors.start_before(count * index // workers) for index in range(workers)] + [count]
    jobs = [Job(start=a, stop=b, traffic=Traffic()) for a, b in pairwise(edges)]
    burst = max(16, 4 * interval)
    for index, percent in enumerate(STALL_PERCENTS):
        first = vectors.start_before(index * STALLED_VECTORS % max(1, count - STALLED_VECTORS))
        traffic = Traffic(stall_percent=percent, burst_cycles=burst, seed=percent)
        jobs.append(Job(start=first, stop=min(count, first + STALLED_VECTORS), traffic=traffic))
    jobs.append(Job(start=0, stop=min(count, STALLED_VECTORS), traffic=Traffic(sink_waits=True)))
    lengths = random.Random(0)
    for cycle in (max(1, latency // 2), latency, latency + interval // 2):
        for percent in (0, 50):
            for length in (1, lengths.randint(2, LONGEST_RESET_CYCLES)):
                traffic = Traffic(
                    stall_percent=percent,
                    burst_cycles=8,
                    seed=cycle,
                    reset_at_cycle=cycle,
                    reset_cycles=length,
                )
                jobs.append(Job(start=0, stop=min(count, RESET_VECTORS), traffic=traffic))
    return jobs


def _run(bench: Bench, vectors: Vectors, job: Job) -> Result:
    part = vectors.part(job.start, job.stop)
    with TemporaryDirectory() as scratch:
        result = bench.run(part.inputs, job.traffic, Path(scratch), part.starts)
    check_result(bench.design, part, result, str(job))
    return result


def simulate(paths: BuildPaths, design: Design) -> Simulation:
    """Return the content of sim.json for the design and the policy of a build."""
    # Slow to import, and not needed when the stage is up to date.
    from ganglion.models.formats.policy_folder import load_policy

    policy = load_policy(paths.policy)
    simulator = verilate(design, simulator_cache(paths))
    vectors = proof_vectors(policy)
    log.info("simulate: compiled in %.0f s, now %d vectors", simulator.compile_s, len(vectors.inputs))
    return verify(Bench.of(design, simulator), vectors, os.cpu_count() or 1)


def run(settings: BuildSettings) -> None:
    """Verify a build's RTL, unless sim.json is up to date; MismatchError names the first difference."""
    paths = settings.paths
    with locked_design(paths) as design:
        stage = design_stage("simulate", paths, design, __name__, toolchain=toolchain())
        stage.refresh([paths.sim], lambda: _prove(paths, design))


def _prove(paths: BuildPaths, design: Design) -> str:
    encode_json(paths.sim, simulate(paths, design))
    return f"{paths.sim}: 0 mismatches"
