"""A million vectors through each engine's RTL: every layer of the first under stalls, every answer of all."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import load_design
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.sim.bulk import simulate_many, untapped_bench
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.target.board import find_board
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.select_policy import shipped_policy
from tests.hw.bare import CACHE, bench_of
from tests.hw.engines.delta.nets import episode
from tests.hw.traffic import run_and_check
from tests.networks import random_inputs, write_random_policy

BOARD = find_board("Pynq-Z2")
TAPPED_BLOCKS, TAPPED_VECTORS = 4, 25_000
UNTAPPED_BLOCKS, UNTAPPED_VECTORS = 18, 50_000
ENGINES = {
    "folded": compile_settings(BOARD, "folded", lanes=16),
    "unrolled": compile_settings(BOARD, "unrolled", adders_per_stage=2),
    "dense": compile_settings(BOARD, "dense"),
    "delta": compile_settings(BOARD, "delta", lanes=8),
}


def _policy(paths: BuildPaths, engine: str) -> None:
    """Put the shipped policy in place; for FINN's engine, whose simulation is slow, a small one."""
    paths.root.mkdir()
    if engine == "dense":
        write_random_policy(paths.policy, np.random.default_rng(0), (6, 10, 2), n_vectors=40, density=1.0)
    else:
        paths.policy.symlink_to(shipped_policy("Hopper"))


def _inputs(engine: str, rng: np.random.Generator, network: IntNetwork, n_vectors: int) -> Ints:
    """Return random inputs; for the engine with state, an episode in which some change a step."""
    return (episode if engine == "delta" else random_inputs)(rng, network, n_vectors)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_million_vectors_are_equal(engine: str, tmp_path: Path) -> None:
    paths = BuildPaths.of(engine, tmp_path)
    _policy(paths, engine)
    compile_policy(paths, ENGINES[engine])
    design, network = load_design(paths), load_policy(paths.policy).network
    tapped, untapped = bench_of(design), untapped_bench(design, CACHE)
    rng = np.random.default_rng(3)
    for block in range(TAPPED_BLOCKS):
        vectors = Vectors.of(network, _inputs(engine, rng, network, TAPPED_VECTORS))
        traffic = Traffic(stall_percent=30 * (block % 4), seed=block + 1)
        run_and_check(tapped, vectors, traffic, tmp_path / "run")
    for _ in range(UNTAPPED_BLOCKS):
        inputs = _inputs(engine, rng, network, UNTAPPED_VECTORS)
        assert np.array_equal(simulate_many(untapped, inputs), network(inputs))
