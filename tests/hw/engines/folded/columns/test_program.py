"""A program over columns computes the reference, is as short as its products allow, and levels its lanes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganglion.hw.engines.check import check_plan
from ganglion.hw.engines.folded.columns.interpret import interpret_columns
from ganglion.hw.engines.folded.columns.placement import place_inputs
from ganglion.hw.engines.folded.columns.plan import ColumnPlan
from ganglion.hw.engines.folded.columns.schedule import schedule_columns
from ganglion.hw.engines.folded.engine import Folded
from ganglion.hw.engines.folded.settings import FoldedSettings
from ganglion.hw.engines.folded.shape import FoldedShape, Split
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import IntNetwork
from tests.hw.engines.folded.columns.nets import nature, tail
from tests.hw.engines.folded.nets import corner_network, with_types
from tests.networks import random_network


def holds(network: IntNetwork, shape: FoldedShape, n_vectors: int = 8) -> None:
    program = schedule_columns(network, shape)
    check_plan("folded", network, lambda inputs: interpret_columns(program, inputs), n_vectors=n_vectors)


def _sparse(*widths: int) -> IntNetwork:
    return random_network(np.random.default_rng(0), widths, density=0.005)


@pytest.mark.parametrize("lanes", [1, 3, 8, 12, 32, 64])
def test_corners_equal_the_reference_at_any_number_of_lanes(lanes: int) -> None:
    holds(corner_network(np.random.default_rng(lanes)), FoldedShape.columns(lanes))


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_random_networks_equal_the_reference(data: st.DataObject) -> None:
    widths = data.draw(st.lists(st.integers(1, 20), min_size=2, max_size=5))
    bits = st.integers(2, 8)
    network = random_network(
        np.random.default_rng(data.draw(st.integers(0, 1000))),
        widths,
        density=data.draw(st.sampled_from([0.05, 0.3, 1.0])),
        weight_bits=data.draw(bits),
        input_bits=data.draw(bits),
    )
    names = [f"{data.draw(st.sampled_from(['INT', 'UINT']))}{data.draw(bits)}" for _ in network.spec.layers]
    lanes = min(data.draw(st.integers(1, 20)), max(1, network.nnz))
    pipelining = data.draw(st.integers(0, 1))
    holds(with_types(network, names), FoldedShape.columns(lanes, pipelining=pipelining), 4)


def test_4096_inputs_equal_the_reference() -> None:
    holds(tail((4096, 30, 4), (4500, 60)), FoldedShape.columns(16), 4)


def test_a_program_takes_a_cycle_a_product_and_lane_and_little_more() -> None:
    network = tail((3136, 64, 6), (6000, 380))
    program = schedule_columns(network, FoldedShape.columns(8))
    assert network.nnz / 8 <= program.n_cycles <= 1.01 * network.nnz / 8 + 10
    assert program.word_bits / 8 < 20
    ColumnPlan.of(program).verify()


def test_lanes_are_level_whatever_the_columns() -> None:
    rng = np.random.default_rng(0)
    products = rng.poisson(rng.gamma(0.5, 20, 3136))
    products[:700] = 0
    placement = place_inputs(products, 32, 8)
    homes = [placement.home(index) for index in range(3136)]
    load = np.bincount([lane for lane, _ in homes], weights=products)
    assert len(set(homes)) == 3136 and placement.depth == 98
    assert load.max() <= 1.03 * load.mean()


def test_wide_layers_are_split_by_columns_and_narrow_ones_by_rows() -> None:
    board, asked = find_board("Pynq-Z2"), FoldedSettings(lanes=4)
    wide, narrow = (_sparse(n, 4, 2) for n in (1025, 1024))
    made = Folded().plan((wide, narrow), asked, board, NOTHING)
    assert [plan.shape.split for plan in made] == [Split.COLUMNS, Split.ROWS]
    again = Folded().plan_as(wide, made[0].shape)
    assert isinstance(again, ColumnPlan) and again.program.words() == made[0].program.words()


def test_a_wrong_program_is_found_and_located() -> None:
    program = schedule_columns(corner_network(np.random.default_rng(0)), FoldedShape.columns(4))
    weight = program.weight.copy()
    cycle, lane = np.argwhere(weight > 0)[3]
    weight[cycle, lane] -= 1
    with pytest.raises(MismatchError, match=r"folded plan: fc1: vector \d+, neuron \d+: exp"):
        ColumnPlan.of(replace(program, weight=weight)).verify()


# Nonzeros of NatureCNN's fc1 at 98, 95, 90% (ERK); the cycles of CONV-NOTES' model.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("fc1", "cycles", "bram"), [(28_401, 1033, 35), (75_333, 2523, 78), (153_449, 5016, 153)]
)
def test_the_tail_of_nature_cnn_is_within_the_targets(fc1: int, cycles: int, bram: int) -> None:
    made = ColumnPlan.of(schedule_columns(nature(fc1), FoldedShape.columns(32)))
    assert made.program.n_cycles + made.shape.output_delay <= cycles
    assert made.resources.bram <= bram and made.resources.dsp == 32
    made.verify()
