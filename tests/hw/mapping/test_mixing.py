"""Engines mixed layer by layer: every order is one design, exact in every layer, under stalls and resets."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import load_design
from ganglion.hw.engines.dense.cost import Folding
from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.dense.plan import DensePlan
from ganglion.hw.engines.dense.shape import dense_shapes
from ganglion.hw.engines.engine import EngineSettings
from ganglion.hw.engines.registry import registered
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.simulate import Simulation, verify
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import IntNetwork
from ganglion.models.select_policy import shipped_policy
from tests.hw.bare import bench_of
from tests.networks import random_inputs, write_random_policy

BOARD = find_board("Pynq-Z2")
D, F, U = "dense", "folded", "unrolled"
# Gathered before F, sent in parts behind U.
FAST = (U, D, F)
ORDERS = [
    FAST,
    *(
        pytest.param(order, marks=pytest.mark.slow)
        for order in (*permutations((D, F, U)), (D, U, U), (F, F, D))
        if order != FAST
    ),
]


class NarrowDense(Dense):
    """The dense engine with few lanes, quick to compile."""

    def plan(
        self, networks: Sequence[IntNetwork], settings: EngineSettings, board: Board, taken: Resources
    ) -> tuple[DensePlan, ...]:
        """Return one output and half of the inputs a cycle for each layer."""
        return tuple(
            DensePlan(
                network=network,
                board=board,
                foldings=tuple(
                    Folding(shape=shape, pe=1, simd=shape.in_features // 2 or 1)
                    for shape in dense_shapes(network)
                ),
            )
            for network in networks
        )


@pytest.fixture(scope="module")
def policy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy") / "policy"
    write_random_policy(folder, np.random.default_rng(0), (6, 13, 11, 3), n_vectors=40, density=0.4)
    return folder


@pytest.fixture
def paths(policy_folder: Path, tmp_path: Path) -> BuildPaths:
    paths = BuildPaths.of("mixed", tmp_path)
    paths.root.mkdir()
    paths.policy.symlink_to(policy_folder)
    return paths


def measure(paths: BuildPaths, n_vectors: int) -> Simulation:
    """Return what simulation measures of a build, every layer of every vector being equal."""
    design, network = load_design(paths), load_policy(paths.policy).network
    assert [tap.layer for tap in design.taps] == [layer.name for layer in network.spec.layers]
    vectors = Vectors.of(network, random_inputs(np.random.default_rng(1), network, n_vectors))
    return verify(bench_of(design), vectors, workers=1)


@pytest.mark.parametrize("order", ORDERS, ids=",".join)
def test_any_order_of_engines_is_exact_in_every_layer(order: tuple[str, ...], paths: BuildPaths) -> None:
    with registered(NarrowDense()):
        settings = compile_settings(BOARD, ",".join(order), **{"lanes": 4} if F in order else {})
        design = compile_policy(paths, settings)
    assert design.engine == ",".join(order)
    assert [layer.engine for layer in design.layers] == list(order)
    assert [segment.engine for segment in design.segments] == list(
        dict.fromkeys(engine for engine in order if engine is not D)
    )
    measures = measure(paths, 200)
    assert measures.mismatches == 0 and measures.resets
    promised = design.estimate
    assert promised is not None
    assert measures.interval_cycles == pytest.approx(promised.interval_cycles, rel=0.1, abs=3)
    assert measures.latency_cycles == pytest.approx(promised.latency_cycles, rel=0.1, abs=8)


def test_neighbours_on_one_engine_become_one_node(paths: BuildPaths) -> None:
    design = compile_policy(paths, compile_settings(BOARD, "unrolled,folded,folded", lanes=4))
    own = [name for name in design.nodes if name.startswith("Ganglion")]
    assert own == ["GanglionUnrolled_rtl_0", "GanglionFolded_rtl_0"]
    assert [layer.node for layer in design.layers] == [own[0], own[1], own[1]]
    # A FIFO at an end would cost a cycle.
    assert [design.nodes[0], design.nodes[-1]] == own


def test_another_number_of_engines_names_the_layers(paths: BuildPaths) -> None:
    message = (
        r"engine=folded,dense names 2 engines, the policy has 3 layers \(fc1, fc2, fc3\); "
        "name one engine for all or one a layer, each dense, folded, unrolled"
    )
    with pytest.raises(CompileError, match=message):
        compile_policy(paths, compile_settings(BOARD, "folded,dense"))


@pytest.mark.slow
def test_the_shipped_policy_mixes(tmp_path: Path) -> None:
    paths = BuildPaths.of("Hopper", tmp_path)
    paths.root.mkdir()
    paths.policy.symlink_to(shipped_policy("Hopper"))
    design = compile_policy(paths, compile_settings(BOARD, "unrolled,folded,dense"))
    assert design.estimate is not None
    measures = measure(paths, 1000)
    assert measures.mismatches == 0
    for cycles in ("latency_cycles", "interval_cycles"):
        assert getattr(measures, cycles) == pytest.approx(getattr(design.estimate, cycles), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["delta,unrolled,folded", "folded,delta,delta"])
def test_an_engine_with_state_is_exact_beside_others(order: str, paths: BuildPaths) -> None:
    compile_policy(paths, compile_settings(BOARD, order, lanes=4))
    measures = measure(paths, 200)
    assert measures.mismatches == 0 and measures.resets
