"""Engines mixed layer by layer: every order is one design, exact in every layer, under stalls and resets."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import load_design
from ganglion.hw.engines.dense.folding import Folding, dense_shapes
from ganglion.hw.mapping.compile_settings import CompileSettings
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Bench
from ganglion.hw.sim.verilate import simulator_cache, verilate
from ganglion.hw.simulate import Simulation, verify
from ganglion.hw.target.board import Board, Engine, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import IntNetwork
from ganglion.models.select_policy import shipped_policy
from tests.networks import random_inputs, write_random_policy

BOARD = find_board("Pynq-Z2")
D, F, U = Engine.DENSE, Engine.FOLDED, Engine.UNROLLED
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


def narrow_fold(
    network: IntNetwork, board: Board, engines: tuple[Engine, ...], taken: Resources
) -> tuple[Folding, ...]:
    """Return few lanes, quick to compile."""
    shapes = dense_shapes(network, engines)
    return tuple(Folding(shape=shape, pe=1, simd=shape.in_features // 2 or 1) for shape in shapes)


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
    return verify(Bench.of(design, verilate(design, simulator_cache(paths))), vectors, workers=1)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: ",".join(engine.value for engine in order))
def test_any_order_of_engines_is_exact_in_every_layer(
    order: tuple[Engine, ...], paths: BuildPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganglion.hw.mapping.layout.fold", narrow_fold)
    described = compile_policy(paths, CompileSettings(board=BOARD, engines=order, lanes=4))
    assert described["engine"] == ",".join(engine.value for engine in order)
    assert [layer["engine"] for layer in described["layers"]] == described["engine"].split(",")
    assert [part["engine"] for part in described["parts"]] == list(
        dict.fromkeys(engine.value for engine in order if engine is not D)
    )
    assert {"lut", "ff", "dsp", "bram18"} <= described["estimate"].keys()
    measures = measure(paths, 200)
    assert measures.mismatches == 0 and measures.resets
    promised = described["estimate"]
    assert measures.interval_cycles == pytest.approx(promised["interval_cycles"], rel=0.1, abs=3)
    assert measures.latency_cycles == pytest.approx(promised["latency_cycles"], rel=0.1, abs=8)


def test_neighbours_on_one_engine_become_one_node(paths: BuildPaths) -> None:
    described = compile_policy(paths, CompileSettings(board=BOARD, engines=(U, F, F), lanes=4))
    own = [name for name in described["nodes"] if name.startswith("Ganglion")]
    assert own == ["GanglionUnrolled_rtl_0", "GanglionFolded_rtl_0"]
    assert [layer["node"] for layer in described["layers"]] == [own[0], own[1], own[1]]
    # A FIFO at an end would cost a cycle.
    assert [described["nodes"][0], described["nodes"][-1]] == own


def test_another_number_of_engines_names_the_layers(paths: BuildPaths) -> None:
    message = (
        r"ENGINE=folded,dense names 2 engines, the policy has 3 layers \(fc1, fc2, fc3\); "
        "name one engine for all or one a layer, each dense, folded, unrolled"
    )
    with pytest.raises(CompileError, match=message):
        compile_policy(paths, CompileSettings(board=BOARD, engines=(F, D)))


@pytest.mark.slow
def test_the_shipped_policy_mixes(tmp_path: Path) -> None:
    paths = BuildPaths.of("Hopper", tmp_path)
    paths.root.mkdir()
    paths.policy.symlink_to(shipped_policy("Hopper"))
    compile_policy(paths, CompileSettings(board=BOARD, engines=(U, F, D)))
    measures = measure(paths, 1000)
    assert measures.mismatches == 0
    for cycles in ("latency_cycles", "interval_cycles"):
        assert getattr(measures, cycles) == pytest.approx(read_json(paths.hw)["estimate"][cycles], rel=0.05)
