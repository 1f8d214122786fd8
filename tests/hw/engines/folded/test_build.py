"""A design on disk says what it is; its estimate holds against synthesis; what does not fit is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.cost import estimate
from ganglion.hw.engines.folded.engine import Folded
from ganglion.hw.engines.folded.plan import FoldedPlan, plan
from ganglion.hw.engines.folded.schedule import schedule
from ganglion.hw.engines.folded.settings import FoldedSettings
from ganglion.hw.engines.folded.shape import FoldedShape, Multiplier
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.errors import CompileError
from ganglion.models.build.files import sha256_file
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.folded.nets import corner_network, hopper_98
from tests.networks import random_network


@pytest.fixture
def board() -> Board:
    return find_board("Pynq-Z2")


def test_files_are_whole_and_name_no_other_folder(tmp_path: Path) -> None:
    made = plan(corner_network(np.random.default_rng(0)), FoldedShape.of(4))
    design = build_bare(made, tmp_path).design
    assert {name: sha256_file(tmp_path / name) for name in design.memories} == design.memories
    assert [tap.layer for tap in design.taps] == [layer.name for layer in made.network.spec.layers]
    assert not any(str(tmp_path) in source.read_text() for source in (tmp_path / "rtl").iterdir())


def test_building_is_repeatable(tmp_path: Path) -> None:
    network = corner_network(np.random.default_rng(0))
    first, second = (build_bare(plan(network, FoldedShape.of(4)), tmp_path / name) for name in "ab")
    assert first.files == second.files


def _with(board: Board, **resources: int) -> Board:
    return replace(board, resources=replace(board.resources, **resources))


def _plan(lanes: int, board: Board) -> None:
    Folded().plan([hopper_98(np.random.default_rng(0))], FoldedSettings(lanes=lanes), board, NOTHING)


def test_lanes_that_a_board_cannot_hold_are_refused_with_a_number_that_it_can(board: Board) -> None:
    small = _with(board, dsp=20)
    with pytest.raises(
        CompileError, match=r"32 lanes .* takes 32 DSP of 18 that Pynq-Z2 has .*; set lanes=\d+"
    ) as error:
        _plan(32, small)
    _plan(int(str(error.value).partition("lanes=")[2].split()[0]), small)
    with pytest.raises(CompileError, match=r"16 lanes .* takes [\d,]+ LUT of 750 .*; set lanes=\d"):
        _plan(16, _with(board, lut=1000))


def test_lanes_whose_memories_a_board_lacks_are_fewer_before_anything_is_pruned(board: Board) -> None:
    small = _with(board, bram=16)
    with pytest.raises(CompileError, match=r"48 lanes .* BRAM of 1\d .*; set lanes=\d+") as error:
        _plan(48, small)
    _plan(int(str(error.value).partition("lanes=")[2].split()[0]), small)


def test_a_program_that_a_board_cannot_hold_is_refused(board: Board) -> None:
    with pytest.raises(
        CompileError, match=r"1849 nonzeros, takes 1\d BRAM of 4 .*; prune to about 5\d\d nonzeros"
    ):
        _plan(8, _with(board, bram=5))


@pytest.mark.parametrize(("of_family", "asked", "taken"), [(0, None, 0), (1, None, 1), (1, 0, 0), (0, 1, 1)])
def test_pipelining_is_the_familys_unless_asked_for(
    of_family: int, asked: int | None, taken: int, board: Board
) -> None:
    network = random_network(np.random.default_rng(0), (6, 13, 5), density=0.5)
    board = replace(board, family=replace(board.family, pipelining=of_family))
    (made,) = Folded().plan([network], FoldedSettings(lanes=2, pipelining=asked), board, NOTHING)
    assert made.shape.pipelining == taken


def _narrow() -> IntNetwork:
    rng = np.random.default_rng(6)
    return random_network(rng, (11, 64, 64, 3), density=0.1, weight_bits=4, activation_bits=4)


ESTIMATED = {
    "small": lambda: (random_network(np.random.default_rng(0), (6, 13, 5), density=0.5), FoldedShape.of(3)),
    "4 lanes": lambda: (hopper_98(np.random.default_rng(0)), FoldedShape.of(4)),
    "16 lanes": lambda: (hopper_98(np.random.default_rng(0)), FoldedShape.of(16)),
    "4 bits in LUTs": lambda: (_narrow(), FoldedShape.of(8, Multiplier.LUT)),
    "4 bits": lambda: (_narrow(), FoldedShape.of(8)),
    "8 lanes, pipelined": lambda: (hopper_98(np.random.default_rng(0)), FoldedShape.of(8, pipelining=1)),
    "8 lanes in LUTs": lambda: (hopper_98(np.random.default_rng(0)), FoldedShape.of(8, Multiplier.LUT)),
}


@pytest.mark.parametrize("board", ["Pynq-Z2", "ZCU104"])
@pytest.mark.parametrize(
    "name", [name if name == "small" else pytest.param(name, marks=pytest.mark.slow) for name in ESTIMATED]
)
def test_estimate_is_within_15_percent_of_synthesis(name: str, board: str, tmp_path: Path) -> None:
    network, shape = ESTIMATED[name]()
    accumulates = find_board(board).family.dsp_accumulates
    made = FoldedPlan.of(schedule(network, shape), accumulates)
    build_bare(made, tmp_path, board=board).assert_estimate_is_near()


@pytest.mark.parametrize(("lanes", "lut"), [(8, 1300), (16, 2600), (32, 6000)])
def test_estimate_of_the_98_percent_network_is_within_the_targets(lanes: int, lut: int) -> None:
    need = estimate(schedule(hopper_98(np.random.default_rng(0)), FoldedShape.of(lanes)))
    assert need.lut <= lut and need.dsp == lanes
