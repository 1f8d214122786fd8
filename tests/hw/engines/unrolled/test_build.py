"""A policy folder becomes a design that the later stages read, or one line that says why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.unrolled.engine import Unrolled
from ganglion.hw.engines.unrolled.plan import plan
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.unrolled.corners import CORNERS
from tests.networks import random_network

BOARD = find_board("Pynq-Z2")


@pytest.fixture
def network() -> IntNetwork:
    return random_network(np.random.default_rng(4), [5, 9, 3], density=0.8)


def test_files_and_streams_are_the_graphs(network: IntNetwork, tmp_path: Path) -> None:
    made = plan(network, UnrolledShape())
    design = build_bare(made, tmp_path).design
    assert {source.name for source in (tmp_path / "rtl").iterdir()} == {
        Path(source).name for source in design.sources
    }
    assert not design.memories
    assert (design.input.format.features, design.output.format.features) == (5, 3)
    assert (design.input.format.words, design.output.format.width_bits) == (1, 24)
    assert [tap.layer for tap in design.taps] == ["fc1", "fc2"]
    assert (made.interval_cycles(1), made.latency_cycles) == (1, made.schedule.n_stages + 1)
    assert sum(made.layer_cycles()) >= made.schedule.n_stages
    assert made.figures()["csd_digits_total"] > 0


@pytest.mark.parametrize("board", ["Pynq-Z2", "ZCU104"])
def test_the_family_says_which_adders(network: IntNetwork, board: str) -> None:
    (made,) = Unrolled().plan([network], UnrolledSettings(), find_board(board), NOTHING)
    assert (made.shape.adder_inputs, made.shape.primitives) == (3, "xc7")


def test_a_family_without_ternary_adders_or_cells_gets_plain_binary_ones(network: IntNetwork) -> None:
    board = replace(BOARD, family=replace(BOARD.family, adder_inputs=2, primitives=""))
    (made,) = Unrolled().plan([network], UnrolledSettings(), board, NOTHING)
    assert (made.shape.adder_inputs, made.shape.xc7) == (2, False)
    made.verify()


def test_pipelined_an_adder_and_a_clip_have_stages_of_their_own(network: IntNetwork) -> None:
    board = replace(BOARD, family=replace(BOARD.family, pipelining=1))
    (made,) = Unrolled().plan([network], UnrolledSettings(), board, NOTHING)
    assert (made.shape.adders_per_stage, made.shape.pipelining) == (1, 1)
    (asked,) = Unrolled().plan([network], UnrolledSettings(adders_per_stage=2, pipelining=0), board, NOTHING)
    assert (asked.shape.adders_per_stage, asked.shape.pipelining) == (2, 0)
    made.verify()


def test_layer_with_unread_neurons_has_no_tap(tmp_path: Path) -> None:
    design = build_bare(plan(CORNERS["rows"], UnrolledShape()), tmp_path).design
    assert [tap.layer for tap in design.taps] == ["fc2"]


def _planned(network: IntNetwork, **resources: int) -> None:
    board = replace(BOARD, resources=replace(BOARD.resources, **resources))
    Unrolled().plan([network], UnrolledSettings(), board, NOTHING)


def test_design_over_the_part_is_refused_with_its_numbers(network: IntNetwork) -> None:
    with pytest.raises(
        CompileError, match=r"unrolled engine takes \d+ LUT of 675 that Pynq-Z2 .* engine=folded"
    ):
        _planned(network, lut=900)


def test_too_many_registers_ask_for_longer_stages(network: IntNetwork) -> None:
    with pytest.raises(CompileError, match=r"unrolled engine takes \d+ FF of 90 .*; raise adders_per_stage"):
        _planned(network, ff=90)


def test_dense_network_is_refused_before_it_is_solved(network: IntNetwork) -> None:
    Unrolled().refuse_infeasible(network, UnrolledSettings(), BOARD)
    dense = random_network(np.random.default_rng(0), [11, 256, 256, 3], density=1.0, weight_bits=4)
    with pytest.raises(CompileError, match=r"LUT of 39,900"):
        Unrolled().refuse_infeasible(dense, UnrolledSettings(), BOARD)


def test_policy_over_the_digit_limit_is_refused(network: IntNetwork) -> None:
    with pytest.raises(CompileError, match=r"weight -?\d+ at \[\d+, \d+\] has \d CSD digits, allowed 1"):
        Unrolled().plan([network], UnrolledSettings(csd_digits=1), BOARD, NOTHING)


def test_a_wrong_graph_is_found(network: IntNetwork) -> None:
    weights = tuple(weight.copy() for weight in network.weights)
    weights[0][0] = -weights[0][0]
    wrong = plan(replace(network, weights=weights), UnrolledShape())
    with pytest.raises(MismatchError, match=r"unrolled plan: fc1: vector \d+, neuron 0: expected"):
        replace(wrong, network=network).verify()
