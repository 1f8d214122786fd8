"""Stage: what a policy that sees takes a frame: its simulated accelerator, the model of it, and this CPU.

It compiles and measures a game's policy, or a random NatureCNN, and adds its section to build/bench.json.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ganglion.hw.compile import compile_build
from ganglion.hw.design.design import load_design
from ganglion.hw.mapping.compile_settings import TargetOptions
from ganglion.hw.sim.bulk import untapped_bench, used_cpu_s
from ganglion.hw.sim.equality import Vectors, check_result
from ganglion.hw.sim.harness import Bench, Result, Traffic
from ganglion.hw.sim.verilate import simulator_cache
from ganglion.hw.studies.explore import StudySettings
from ganglion.hw.studies.host_speed import host_us
from ganglion.models.build.files import merge_json
from ganglion.models.build.paths import BENCH_FILE, BuildPaths
from ganglion.models.build.settings import paths_of
from ganglion.models.formats.policy_folder import Policy, load_policy, read_description
from ganglion.models.frames import stacked
from ganglion.models.layers.layer import EPISODE_START, INPUT
from ganglion.models.random_cnn import Cnn, nature_cnn, write_random_cnn
from ganglion.models.select_policy import select, shipped_policies
from ganglion.models.spec.policy import Pixels

RANDOM_NAME, RANDOM_ENV, RANDOM_SPARSITY = "NatureCNN", "none", 0.98
RANDOM = nature_cnn(n_actions=6)


def selected(settings: StudySettings, instead: Cnn = RANDOM) -> BuildPaths:
    """Return the build whose policy is put there: the one asked for, or where that is blind a NatureCNN."""
    folder = settings.policy or shipped_policies().get(settings.name or "")
    if folder is not None and isinstance(read_description(folder).normalizer, Pixels):
        select(settings.paths, folder)
        return settings.paths
    paths = paths_of(RANDOM_NAME, settings.build)
    made = paths.work / "random"
    write_random_cnn(made, RANDOM_ENV, instead, RANDOM_SPARSITY, seed=0)
    select(paths, made)
    return paths


def measure(paths: BuildPaths) -> dict[str, Any]:
    """Return what a compiled build takes a frame of golden data, simulated and on this CPU."""
    design, policy = load_design(paths), load_policy(paths.policy)
    frames, starts = policy.golden[INPUT], policy.golden[EPISODE_START]
    vectors = Vectors.of(policy.network, frames.reshape(len(frames), -1).astype(np.int64), starts)
    vectors = vectors.part(0, vectors.episode_end(len(frames)))
    bench = untapped_bench(design, simulator_cache(paths))
    (alone, _), (steady, cpu_s) = (_run(bench, vectors, Traffic(spaced=spaced)) for spaced in (True, False))
    assert design.estimate is not None
    fpga_us = alone.latency_max / design.clock_mhz
    host = _host(policy, vectors)
    return {
        "engine": design.engine,
        "board": design.board.name,
        "nnz": policy.network.nnz,
        "frames": len(vectors.inputs),
        "simulated_frames_per_s": round(len(vectors.inputs) / cpu_s, 1),
        "simulated_cycles_per_s": round(steady.cycles / cpu_s),
        "latency_cycles": alone.latency_max,
        "predicted_latency_cycles": design.estimate.latency_cycles,
        "interval_cycles": round(steady.interval),
        "predicted_interval_cycles": design.estimate.interval_cycles,
        "fpga_us": round(fpga_us, 1),
        "host_us": host,
        "speedup": {name: round(each / fpga_us, 1) for name, each in host.items()},
    }


def _run(bench: Bench, vectors: Vectors, traffic: Traffic) -> tuple[Result, float]:
    """Return what came out, always right, and the processor time that it took in seconds."""
    before = used_cpu_s()
    with TemporaryDirectory() as scratch:
        result = bench.run(vectors.inputs, traffic, Path(scratch), vectors.starts)
    cpu_s = used_cpu_s() - before
    check_result(bench.design, vectors, result, f"bench, {traffic}")
    return result, cpu_s


def _host(policy: Policy, vectors: Vectors) -> dict[str, float]:
    spec = policy.spec
    assert vectors.starts is not None
    frames = vectors.inputs.astype(np.uint8).reshape(-1, *spec.network.step_shape)
    stacks = stacked(frames, vectors.starts, spec.network.frame_stack)
    return dict(host_us(policy, stacks, list(vectors.layers.values())[-1]))


def run(settings: StudySettings) -> None:
    """Compile and measure, record and print."""
    paths = selected(settings)
    compile_build(paths, TargetOptions(board=settings.board))
    found = measure(paths)
    merge_json(paths.root.with_name(BENCH_FILE), {"frames": {paths.root.name: found}})
    print(
        f"frames: {found['simulated_frames_per_s']:g} simulated a CPU second, {paths.root.name} "
        f"({found['nnz']:,} nonzeros) by {found['engine']} for {found['board']}"
    )
    for what in ("latency", "interval"):
        cycles, predicted = found[f"{what}_cycles"], found[f"predicted_{what}_cycles"]
        print(f"  {what} {cycles:,} cycles a frame, predicted {predicted:,}")
    host = ", ".join(
        f"{name} {us:g} µs ({found['speedup'][name]:g} times)" for name, us in found["host_us"].items()
    )
    print(f"  a frame takes {found['fpga_us']:g} µs on the FPGA; on one thread of this CPU {host}")
