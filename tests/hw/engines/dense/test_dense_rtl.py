"""The dense engine's RTL, simulated: golden in every layer, and FINN's lost words without our patch."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.codegen.rtl_patches import OUTPUT_QUEUE
from ganglion.hw.compile import compile_policy
from ganglion.hw.engines.registry import registered
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Bench, Traffic
from ganglion.hw.simulate import Simulation, verify
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import MismatchError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from tests.hw.bare import bench_of
from tests.hw.engines.dense.convolutions import (
    SMALL_LANES,
    SMALLEST,
    SMALLEST_LANES,
    LanedDense,
    simulated,
    small,
)
from tests.hw.traffic import run_and_check
from tests.networks import random_inputs, write_random_policy

N_VECTORS = 300

Simulate = Callable[..., tuple[Bench, Vectors]]


@pytest.fixture
def simulate(tmp_path: Path) -> Iterator[Simulate]:
    """Return a maker of a simulated accelerator without the RTL patches named, and of vectors for it."""

    def make(skip_patches: frozenset[str] = frozenset(), board: str = "Pynq-Z2") -> tuple[Bench, Vectors]:
        paths = BuildPaths.of("policy", tmp_path)
        rng = np.random.default_rng(0)
        write_random_policy(paths.policy, rng, (11, 29, 2), n_vectors=40, density=1.0)
        settings = compile_settings(find_board(board), "dense")
        design = compile_policy(paths, settings, skip_patches)
        network = load_policy(paths.policy).network
        return bench_of(design), Vectors.of(network, random_inputs(rng, network, N_VECTORS))

    # Quick to compile: SIMD the first layer's whole width, a slower second layer.
    with registered(LanedDense(lanes=((2, 11), (1, 2)))):
        yield make


def check(bench: Bench, vectors: Vectors, scratch: Path) -> Simulation:
    """Return the measures of a proof, after resets in every seventh cycle were harmless too."""
    measures = verify(bench, vectors, workers=1)
    assert measures.mismatches == 0
    assert measures.resets > 0
    few = vectors.part(0, 3)
    for cycle in range(1, measures.latency_cycles + 20, 7):
        traffic = Traffic(stall_percent=cycle % 2 * 50, reset_at_cycle=cycle)
        run_and_check(bench, few, traffic, scratch)
    return measures


def test_rtl_of_convolutions_equals_reference_in_every_layer_under_stalls_and_resets(tmp_path: Path) -> None:
    bench, vectors = simulated(tmp_path, SMALLEST, SMALLEST_LANES, n_vectors=100)
    assert [tap.layer for tap in bench.design.taps] == ["conv1", "conv2", "fc1"]
    measures, estimate = check(bench, vectors, tmp_path / "run"), bench.design.estimate
    assert estimate is not None
    assert measures.interval_cycles == estimate.interval_cycles
    assert measures.latency_cycles == pytest.approx(estimate.latency_cycles, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("padding", [0, 1])
def test_two_convolutions_and_a_dense_layer_are_exact_at_the_predicted_pace(
    padding: int, tmp_path: Path
) -> None:
    bench, vectors = simulated(tmp_path, small(padding), SMALL_LANES, n_vectors=200)
    measures = check(bench, vectors, tmp_path / "run")
    for percent in (30, 60):
        run_and_check(bench, vectors, Traffic(stall_percent=percent), tmp_path / "run")
    assert measures.interval_cycles == (450, 648)[padding]
    assert bench.design.estimate is not None
    assert measures.latency_cycles == pytest.approx(bench.design.estimate.latency_cycles, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("board", ["Pynq-Z2", "KV260"])
def test_rtl_of_dense_layers_equals_reference_in_every_layer_under_stalls_and_resets(
    simulate: Simulate, board: str, tmp_path: Path
) -> None:
    check(*simulate(board=board), tmp_path / "run")


def test_finn_output_queue_loses_words_without_our_patch(simulate: Simulate, tmp_path: Path) -> None:
    bench, vectors = simulate(skip_patches=frozenset({OUTPUT_QUEUE}))
    with pytest.raises(MismatchError, match="Overflowing output queue"):
        run_and_check(bench, vectors, Traffic(stall_percent=50), tmp_path / "run")
