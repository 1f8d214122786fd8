"""A design on disk says what it is; its estimate holds against synthesis; what does not fit is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.build import plan
from ganglion.hw.engines.folded.cost import estimate
from ganglion.hw.engines.folded.schedule import schedule
from ganglion.hw.engines.folded.shape import FoldedShape, Multiplier
from ganglion.hw.synth import resources_by_node, run_yosys
from ganglion.hw.target.board import Board, find_board
from ganglion.models.build.errors import CompileError
from ganglion.models.build.files import sha256_file
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.folded.nets import corner_network, hopper_98
from tests.networks import random_network


@pytest.fixture
def board() -> Board:
    return find_board("Pynq-Z2")


def test_description_names_whole_files_and_the_promised_cycles(tmp_path: Path) -> None:
    network = corner_network(np.random.default_rng(0))
    made = plan(network, FoldedShape.of(4))
    text = build_bare(made, tmp_path).description
    assert all((tmp_path / source).is_file() for source in text["sources"])
    assert {name: sha256_file(tmp_path / name) for name in text["memories"]} == text["memories"]
    assert [tap["layer"] for tap in text["taps"]] == [layer["name"] for layer in made.layers()]
    assert made.details()["latency_cycles"] == made.program.latency_cycles
    assert not any(str(tmp_path) in source.read_text() for source in (tmp_path / "rtl").iterdir())
    assert sum(layer["nnz"] for layer in made.layers()) == network.nnz


def test_building_is_repeatable(tmp_path: Path) -> None:
    network = corner_network(np.random.default_rng(0))
    first, second = (build_bare(plan(network, FoldedShape.of(4)), tmp_path / name) for name in "ab")
    assert first.description == second.description


def _with(board: Board, **resources: int) -> Board:
    return replace(board, resources=replace(board.resources, **resources))


def test_lanes_that_a_board_cannot_hold_are_refused_with_a_number_that_it_can(
    board: Board,
) -> None:
    network = hopper_98(np.random.default_rng(0))
    with pytest.raises(
        CompileError, match=r"32 lanes take 32 DSP, Pynq-Z2 has 18 to give; use LANES=18"
    ) as error:
        plan(network, FoldedShape.of(32)).require_fit(_with(board, dsp=20))
    fewer = int(str(error.value).partition("LANES=")[2].split()[0])
    plan(network, FoldedShape.of(fewer)).require_fit(_with(board, dsp=20))
    with pytest.raises(CompileError, match=r"16 lanes take \d+ LUT, Pynq-Z2 has 750 to give; use LANES="):
        plan(network, FoldedShape.of(16)).require_fit(_with(board, lut=1000))


def test_a_program_that_a_board_cannot_hold_is_refused(board: Board) -> None:
    network = hopper_98(np.random.default_rng(0))
    with pytest.raises(
        CompileError, match=r"1849 nonzeros takes 14 BRAM18, Pynq-Z2 has 4 to give; prune to about 5"
    ):
        plan(network, FoldedShape.of(8)).require_fit(_with(board, bram18=5))


def _narrow() -> IntNetwork:
    rng = np.random.default_rng(6)
    return random_network(rng, (11, 64, 64, 3), density=0.1, weight_bits=4, activation_bits=4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (hopper_98(np.random.default_rng(0)), FoldedShape.of(4)),
        (hopper_98(np.random.default_rng(0)), FoldedShape.of(16)),
        (_narrow(), FoldedShape.of(8, Multiplier.LUT)),
    ],
)
def test_estimate_is_within_15_percent_of_synthesis(
    network: IntNetwork, shape: FoldedShape, tmp_path: Path
) -> None:
    built = build_bare(plan(network, shape), tmp_path)
    statistics = run_yosys(built.design, tmp_path / "work")
    nodes = resources_by_node(statistics, "ganglion_top").values()
    for resource in ("lut", "ff", "dsp", "bram18"):
        measured = sum(node[resource] for node in nodes)
        assert abs(getattr(built.node.resources, resource) - measured) <= 0.15 * measured, resource


@pytest.mark.parametrize(("lanes", "lut"), [(8, 1300), (16, 2600), (32, 6000)])
def test_estimate_of_the_98_percent_network_is_within_the_targets(lanes: int, lut: int) -> None:
    need = estimate(schedule(hopper_98(np.random.default_rng(0)), FoldedShape.of(lanes)))
    assert need.lut <= lut and need.dsp == lanes
