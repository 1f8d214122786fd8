"""Folding: lanes that divide, budgets that hold, and an error with the numbers when nothing fits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganglion.hw.engines.dense.cost import Folding, divisors, total
from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.dense.folding import fold
from ganglion.hw.engines.dense.shape import DenseShape, accumulator_bits, dense_shapes, narrow_bits
from ganglion.hw.mapping.segments import padded
from ganglion.hw.target.board import Board, find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.errors import CompileError
from ganglion.models.random_cnn import Cnn, Conv, random_cnn
from ganglion.models.reference import IntNetwork
from tests.hw.engines.dense.convolutions import SMALL_LANES, small
from tests.networks import random_network


def folded(network: IntNetwork, board: Board) -> tuple[Folding, ...]:
    return fold(shapes_of(network), board, NOTHING)


def shapes_of(network: IntNetwork) -> tuple[DenseShape, ...]:
    return dense_shapes(padded(network, [Dense()] * len(network.spec.layers)))


WIDTHS = [(3, 7, 1), (5, 2), (11, 203, 187, 3), (376, 256, 256, 17), (4, 8, 8, 8, 2)]


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("name", ["Pynq-Z2", "KV260"])
def test_folding_divides_and_fits(widths: tuple[int, ...], name: str) -> None:
    board = find_board(name)
    foldings = folded(random_network(np.random.default_rng(0), widths, density=0.1), board)
    for folding in foldings:
        assert folding.shape.out_features % folding.pe == 0
        assert folding.shape.in_features % folding.simd == 0
        assert folding.pe % folding.requant_pe == 0
        assert folding.requant_pe * folding.shape.in_features // folding.simd >= folding.pe
    needed, budget = total(foldings, board), board.budget
    assert needed.dsp <= budget.dsp
    assert needed.bram <= budget.bram
    assert needed.lut <= budget.lut


def test_larger_board_is_not_slower() -> None:
    network = random_network(np.random.default_rng(0), (11, 256, 256, 3), density=0.1)
    cycles = [sum(f.cycles for f in folded(network, find_board(name))) for name in ("Pynq-Z2", "ZCU104")]
    assert cycles[1] < cycles[0]


def test_only_hidden_widths_are_padded() -> None:
    network = random_network(np.random.default_rng(0), (11, 203, 187, 3), density=0.1)
    shapes = shapes_of(network)
    assert [(shape.in_features, shape.out_features) for shape in shapes] == [(11, 208), (208, 192), (192, 3)]


def test_estimate_is_near_what_yosys_counted() -> None:
    # The shipped Hopper policy, 95% sparse, on xc7z020: 19,238 LUT, 22,175 FF, 198 DSP48E1, 59 RAMB18.
    network = random_network(np.random.default_rng(0), (11, 255, 179, 3), density=0.1)
    shapes = shapes_of(network)
    lanes = [(8, 11), (8, 32), (3, 8)]
    foldings = tuple(Folding(shape=s, pe=pe, simd=simd) for s, (pe, simd) in zip(shapes, lanes, strict=True))
    estimate = total(foldings, find_board("Pynq-Z2"))
    assert (estimate.dsp, estimate.bram) == (198, 59)
    assert estimate.lut == pytest.approx(19_238, rel=0.05)
    assert estimate.ff == pytest.approx(22_175, rel=0.05)


MAPS = {
    "12 x 12": (small(padding=0), SMALL_LANES, (6474, 6401, 39, 0)),
    "12 x 12, padded": (small(padding=1), SMALL_LANES, (7068, 6743, 39, 0)),
    "20 x 20, lines in block RAM": (
        Cnn(
            shape=(4, 20, 20),
            convs=(Conv(channels=8, kernel=4, stride=2), Conv(channels=16, kernel=3)),
            widths=(16, 4),
            frame_stack=1,
        ),
        ((4, 4), (4, 4), (4, 8), (4, 4)),
        (8097, 7451, 44, 12),
    ),
}
"""Networks, lanes, and the LUT, FF, DSP48E1 and RAMB18 that yosys counted on xc7z020."""


@pytest.mark.parametrize("name", MAPS)
def test_estimate_of_convolutions_is_near_what_yosys_counted(name: str) -> None:
    cnn, lanes, (lut, ff, dsp, bram) = MAPS[name]
    shapes = dense_shapes(random_cnn(np.random.default_rng(0), cnn, sparsity=0.3))
    foldings = tuple(Folding(shape=s, pe=pe, simd=simd) for s, (pe, simd) in zip(shapes, lanes, strict=True))
    estimate = total(foldings, find_board("Pynq-Z2"))
    assert estimate.dsp == dsp
    assert estimate.lut == pytest.approx(lut, rel=0.1)
    assert estimate.ff == pytest.approx(ff, rel=0.1)
    # Of the last one's memories yosys puts conv2's 72 words of weights into LUTs, 4 BRAM in the model, which
    # leaves out where fc1's MVAU keeps its input, 2 BRAM.
    assert bram <= estimate.bram <= bram + 2


def test_too_large_a_network_names_the_numbers_and_the_nearest_board() -> None:
    network = random_network(np.random.default_rng(0), (11, 1000, 1000, 3), density=0.01)
    with pytest.raises(
        CompileError, match=r"fc2 1000 x 1000, .* takes \d+ BRAM of 252 .*; .* fits is ZCU104"
    ):
        folded(network, find_board("Pynq-Z2"))


def test_hopeless_network_says_so() -> None:
    network = random_network(np.random.default_rng(0), (11, 2000, 2000, 3), density=0.005)
    with pytest.raises(CompileError, match="no known board fits; prune or narrow it"):
        folded(network, find_board("Pynq-Z2"))


@given(st.tuples(st.integers(-128, 127), st.integers(-128, 127)).map(sorted))
def test_narrow_type_holds_both_ends_without_its_lowest_value(ends: list[int]) -> None:
    low, high = ends
    bits = narrow_bits(low, high)
    assert max(-low, high, 0) <= 2 ** (bits - 1) - 1
    assert bits == 2 or max(-low, high) > 2 ** (bits - 2) - 1


@given(st.integers(1, 4096))
def test_divisors_divide(number: int) -> None:
    assert all(number % divisor == 0 for divisor in divisors(number))
    assert {1, number} <= set(divisors(number))


def test_requantizer_too_wide_for_a_dsp_is_refused() -> None:
    network = random_network(np.random.default_rng(6), (4, 8, 2))
    spec = network.spec.layers[1]
    wide = replace(spec, output_exponent=spec.accumulator_exponent + 24)
    network = replace(network, spec=replace(network.spec, layers=(network.spec.layers[0], wide)))
    with pytest.raises(CompileError, match=r"fc2: shift 24, .* requantizer of 29 bits, allowed 25"):
        accumulator_bits(network, 1)


def test_accumulator_holds_a_product_even_where_few_weights_are_left() -> None:
    network = random_network(np.random.default_rng(7), (4, 8, 2))
    lone = np.zeros_like(network.weights[0])
    lone[0, 0] = 127
    no_bias = np.zeros_like(network.biases[0])
    network = replace(network, weights=(lone, *network.weights[1:]), biases=(no_bias, *network.biases[1:]))
    shape = dense_shapes(network)[0]
    assert shape.accumulator_bits >= shape.weight_bits + 8 - 1
