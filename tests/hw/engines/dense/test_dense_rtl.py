"""The dense engine's RTL, simulated: golden in every layer, and FINN's lost words without our patch."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.codegen.rtl_patches import OUTPUT_QUEUE
from ganglion.hw.compile import compile_policy
from ganglion.hw.engines.dense.cost import Folding
from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.dense.plan import DensePlan
from ganglion.hw.engines.dense.shape import dense_shapes
from ganglion.hw.engines.engine import EngineSettings
from ganglion.hw.engines.registry import registered
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.sim.equality import Vectors, check_result
from ganglion.hw.sim.harness import Bench, Traffic
from ganglion.hw.sim.verilate import verilate
from ganglion.hw.simulate import Simulation, verify
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import MismatchError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import IntNetwork
from tests.hw.bare import CACHE
from tests.hw.engines.dense.convolutions import SMALL_LANES, SMALLEST, SMALLEST_LANES, simulated, small
from tests.networks import random_inputs, write_random_policy

N_VECTORS = 300

Simulate = Callable[..., tuple[Bench, Vectors]]


class NarrowDense(Dense):
    """Few lanes, quick to compile: SIMD the first layer's whole width, a slower second layer."""

    def plan(
        self, networks: Sequence[IntNetwork], settings: EngineSettings, board: Board, taken: Resources
    ) -> tuple[DensePlan, ...]:
        """Return the plan of two layers."""
        (network,) = networks
        first, second = dense_shapes(network)
        foldings = Folding(shape=first, pe=2, simd=first.in_features), Folding(shape=second, pe=1, simd=2)
        return (DensePlan(network=network, foldings=foldings, board=board),)


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
        bench = Bench(design=design, simulator=verilate(design, CACHE))
        return bench, Vectors.of(network, random_inputs(rng, network, N_VECTORS))

    with registered(NarrowDense()):
        yield make


def check(bench: Bench, vectors: Vectors, scratch: Path) -> Simulation:
    """Return the measures of a proof, after resets in every seventh cycle were harmless too."""
    measures = verify(bench, vectors, workers=1)
    assert measures.mismatches == 0
    assert measures.resets > 0
    few = vectors.part(0, 3)
    for cycle in range(1, measures.latency_cycles + 20, 7):
        traffic = Traffic(stall_percent=cycle % 2 * 50, reset_at_cycle=cycle)
        check_result(bench.design, few, bench.run(few.inputs, traffic, scratch), str(traffic))
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
        traffic = Traffic(stall_percent=percent)
        check_result(
            bench.design, vectors, bench.run(vectors.inputs, traffic, tmp_path / "run"), str(traffic)
        )
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
    result = bench.run(vectors.inputs, Traffic(stall_percent=50), tmp_path / "run")
    with pytest.raises(MismatchError, match="Overflowing output queue"):
        check_result(bench.design, vectors, result, "unpatched")
