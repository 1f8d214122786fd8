"""The unrolled engine takes what yosys makes of it, on families without LUT6_2 and shift registers too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.unrolled.adder import plain_luts
from ganglion.hw.engines.unrolled.engine import Unrolled
from ganglion.hw.engines.unrolled.plan import plan
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import NOTHING, Resources
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.liveness import live_part
from ganglion.models.reference import IntNetwork
from ganglion.models.zoo import ZOO
from tests.hw.bare import build_bare
from tests.networks import random_network

WHOLE = Resources(lut=10**6, ff=10**6, dsp=0, bram=100)


@pytest.mark.parametrize(
    ("shapes", "constant", "luts"),
    [
        (((4, 0, False),), 0, 0),  # wires
        (((4, 0, False), (4, 2, False)), 0, 5),  # two bits that none meets, then a chain of five
        (((4, 0, False), (4, 2, True)), 0, 7),  # of the inverted bits two meet another
        (((4, 0, True),), 4, 5),  # a constant meets from its lowest one on
    ],
)
def test_a_plain_adder_is_its_carry_chain_and_what_is_inverted_before_it(
    shapes: tuple[tuple[int, int, bool], ...], constant: int, luts: int
) -> None:
    assert plain_luts(shapes, constant, 7) == luts


def _network(name: str) -> IntNetwork:
    if name == "Swimmer":
        return load_policy(ZOO / "Swimmer" / "sac-sparse99-int8").network
    return live_part(random_network(np.random.default_rng(6), (11, 32, 24, 3), density=0.15)).network


def _predicted_planned_and_counted(
    network: IntNetwork, board: Board, folder: Path
) -> tuple[Resources, Resources, Resources]:
    large = replace(board, resources=WHOLE)
    settings = UnrolledSettings()
    predicted = Unrolled().candidate(network, settings, large).resources
    (made,) = Unrolled().plan([network], settings, large, NOTHING)
    return predicted, made.resources, build_bare(made, folder, board=board.name).counted()


def test_a_toy_on_ice40_takes_what_was_planned(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(0), (4, 8, 3))
    _, planned, counted = _predicted_planned_and_counted(network, find_board("icebreaker"), tmp_path)
    assert planned.lut == pytest.approx(counted.lut, rel=0.12)
    assert planned.ff == pytest.approx(counted.ff, rel=0.05)
    assert (planned.dsp, planned.bram) == (counted.dsp, counted.bram) == (0, 2)


@pytest.mark.slow
@pytest.mark.parametrize("board", ["icebreaker", "ULX3S-85F", "Tang-Nano-20K", "Tang-Nano-9K", "ZCU104"])
@pytest.mark.parametrize("name", ["random", "Swimmer"])
def test_a_plan_is_within_12_percent_of_synthesis_and_its_prediction_within_25(
    name: str, board: str, tmp_path: Path
) -> None:
    found = _predicted_planned_and_counted(_network(name), find_board(board), tmp_path)
    predicted, planned, counted = found
    assert planned.lut == pytest.approx(counted.lut, rel=0.12)
    assert planned.ff == pytest.approx(counted.ff, rel=0.08)
    assert (planned.dsp, planned.bram) == (counted.dsp, counted.bram)
    assert predicted.lut == pytest.approx(counted.lut, rel=0.25)


def test_a_family_takes_its_luts_for_each_bit_of_an_adder() -> None:
    network, board = _network("random"), find_board("icebreaker")
    shape = UnrolledShape(adders_per_stage=1, adder_inputs=2, primitives="", pipelining=1)
    counted = plan(network, shape).resources
    for name, more in (("icebreaker", 1.0), ("ULX3S-85F", 1.1 / 0.97)):
        board = replace(find_board(name), resources=WHOLE)
        (made,) = Unrolled().plan([network], UnrolledSettings(), board, NOTHING)
        assert made.shape == shape
        assert made.resources.lut == pytest.approx(0.97 * more * counted.lut, rel=0.05)
        assert made.resources.ff == counted.ff
