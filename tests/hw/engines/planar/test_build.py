"""What a planar engine cannot be is refused in a line; grids, programs and estimates are what they say."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.planar.engine import Planar
from ganglion.hw.engines.planar.interpret import interpret
from ganglion.hw.engines.planar.plan import plan
from ganglion.hw.engines.planar.program import Program, program
from ganglion.hw.engines.planar.settings import PlanarSettings
from ganglion.hw.engines.planar.shape import PlanarShape, check_network, find_shapes, shapes
from ganglion.hw.engines.planar.streams import divided
from ganglion.hw.mapping.choose import choose
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.errors import CompileError, ConfigError, MismatchError
from ganglion.models.layers import Layer
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.planar.nets import (
    Conv,
    Pool,
    chain,
    nature_convolutions,
    residual_stack,
    resnet_convolutions,
    toy_convolutions,
)
from tests.networks import random_network

BOARD = find_board("Pynq-Z2")


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_nature_cnn_has_the_grids_that_its_maps_allow() -> None:
    known = [(shape.rows, shape.columns, shape.tile) for shape in shapes(nature_convolutions(0.98))]
    assert known[:2] == [(10, 10, 1), (5, 5, 2)] and (3, 3, 4) in known


def test_a_grid_that_the_maps_do_not_have_names_those_that_they_have() -> None:
    with pytest.raises(CompileError, match="planar: rows=4: no grid of the maps; there are.* 5 x 5, 3 x 3,"):
        find_shapes(toy_convolutions(), rows=4)
    with pytest.raises(ConfigError, match="rows=33: allowed from 1 to 32"):
        PlanarSettings(rows=33)
    (found,) = find_shapes(toy_convolutions(), columns=3, streams=1, packing=1)
    assert found == PlanarShape(rows=3, columns=3, tile=2)


def test_the_fastest_shape_comes_first_and_a_layer_of_one_channel_has_one_stream() -> None:
    found = find_shapes(toy_convolutions(), packing=1)
    assert [(each.rows, each.streams) for each in found[:4]] == [(5, 2), (5, 1), (3, 2), (3, 1)]
    assert [each.packing for each in find_shapes(toy_convolutions(), rows=5, streams=1)] == [1, 2]
    one = chain(_rng(), (2, 9, 9), [Conv(channels=3, kernel=2), Conv(channels=1, kernel=2)])
    assert {each.streams for each in find_shapes(one)} == {1}
    refusal = "planar: conv2 has 1 output channel, but each of 2 weight streams needs one; set streams=1"
    with pytest.raises(CompileError, match=refusal):
        find_shapes(one, streams=2)
    with pytest.raises(CompileError, match=refusal):
        program(one, PlanarShape(rows=9, columns=9, tile=1, streams=2))
    with pytest.raises(ConfigError, match="streams=3: allowed from 1 to 2"):
        PlanarSettings(streams=3)


def test_channels_are_divided_so_that_streams_end_together() -> None:
    lengths = [2, 9, 7, 2]
    assert divided(lengths, 1, in_order=False) == ((0, 1, 2, 3),)
    assert divided(lengths, 2, in_order=False) == ((1, 3), (0, 2))
    assert divided(lengths, 2, in_order=True) == ((0, 2, 3), (1,))
    many = _rng().integers(2, 40, 64).tolist()
    words = [sum(many[channel] for channel in share) for share in divided(many, 2, in_order=False)]
    assert abs(words[0] - words[1]) <= 2


def test_two_streams_are_taken_where_the_dsps_allow_and_lanes_share_them_where_they_are_scarce() -> None:
    network = toy_convolutions()
    taken = {0: (5, 2, 1, 50), 150: (5, 2, 2, 26), 180: (5, 1, 2, 13)}
    for others, expected in taken.items():
        (made,) = Planar().plan([network], PlanarSettings(), BOARD, replace(NOTHING, dsp=others))
        shape = made.shape
        assert (shape.rows, shape.streams, shape.packing, made.resources.dsp) == expected
    known = [each.settings for each in Planar().candidates(network, BOARD, 0.0)]
    assert known[-1] == PlanarSettings(rows=5, columns=5, streams=2, packing=1)
    with pytest.raises(CompileError, match="packing=2 takes a multiplier of 25 bits, .* has 18; set pack"):
        Planar().plan([network], PlanarSettings(packing=2), find_board("ULX3S-85F"), NOTHING)


def test_maps_that_no_grid_divides_are_named() -> None:
    tall = chain(_rng(), (1, 2100, 1), [Conv(channels=1, kernel=1)])
    with pytest.raises(
        CompileError, match="planar: conv1's map of 2100 x 1 takes 33 rows or columns of lanes"
    ):
        find_shapes(tall)
    with pytest.raises(CompileError, match="planar: conv1's map of 2100 x 1 takes 33"):
        choose(tall, BOARD)
    halved = chain(_rng(), (1, 260, 260), [Pool(kernel=2, stride=2, output="UINT8")] * 7)
    with pytest.raises(
        CompileError, match="strides make 128 rows of the input one of the last map, allowed 64"
    ):
        find_shapes(halved)


def test_what_it_does_not_compute_is_refused() -> None:
    network = toy_convolutions()
    first, second = network.spec.layers
    with pytest.raises(CompileError, match="planar: fc1 is 'dense'; allowed are convolutions"):
        program(random_network(_rng(), (4, 3)), PlanarShape(rows=1, columns=1, tile=1))
    wide = replace(
        network.spec, layers=(first, replace(second, output_type=replace(first.output_type, bits=9)))
    )
    with pytest.raises(CompileError, match="conv2's output type UINT9 has 9 bits, allowed 2 to 8; quantize"):
        program(replace(network, spec=wide), PlanarShape(rows=5, columns=5, tile=1))
    assert Planar().refusal(replace(second, pre_relu=True, residual="conv1")) is None


def test_a_residual_is_of_a_map_with_the_same_tiles() -> None:
    rng, one = _rng(), Conv(channels=2, kernel=1, output="INT8", shift=6, gain=0)
    network = chain(rng, (2, 9, 9), [one, one, one], input_type="INT8")
    first, second, third = network.spec.layers

    def refused(*layers: Layer) -> IntNetwork:
        return replace(network, spec=replace(network.spec, layers=layers))

    with pytest.raises(CompileError, match="planar: conv3 adds the input; allowed are the maps of layers"):
        check_network(refused(first, second, replace(third, residual="input")))
    check_network(refused(first, second, replace(third, residual="conv1")))
    strided = chain(
        rng,
        (2, 9, 9),
        [
            one,
            Conv(channels=2, kernel=9, stride=2, padding=8, output="INT8", shift=6, gain=0),
            replace(one, adds=1),
        ],
    )
    with pytest.raises(CompileError, match="conv3 adds conv1, but conv2 between them has a stride of 2"):
        check_network(strided)


def test_an_input_of_signed_values_is_not_pooled_beyond_its_edges() -> None:
    network = chain(_rng(), (2, 9, 9), [Pool(kernel=2, stride=1, padding=1)], input_type="INT8")
    with pytest.raises(
        CompileError, match="planar: pool1 pads the input, beyond whose edges lanes hold zeros"
    ):
        check_network(network)


def test_a_board_too_small_names_the_nearest_grid_that_fits() -> None:
    network = toy_convolutions()
    small = replace(BOARD, resources=replace(BOARD.resources, dsp=12))
    with pytest.raises(CompileError, match=r"5 x 5 lanes for .* takes 25 DSP of .*; set rows=3 columns=3 s"):
        Planar().plan([network], PlanarSettings(rows=5, streams=1, packing=1), small, NOTHING)
    with pytest.raises(CompileError, match=r"engine, 2 times 5 x 5 lanes for .* takes 50 DSP of .*packing=2"):
        Planar().plan([network], PlanarSettings(rows=5, streams=2, packing=1), small, NOTHING)
    (made,) = Planar().plan([network], PlanarSettings(), small, NOTHING)
    assert (made.shape.rows, made.shape.streams, made.shape.packing) == (3, 2, 2)


def test_a_program_is_as_long_as_its_nonzeros_and_empty_kernels_take_two_words() -> None:
    network = nature_convolutions(0.98)
    made = program(network, PlanarShape(rows=10, columns=10, tile=1))
    lengths = [len(words) for layer in made.words for words in layer]
    assert min(lengths) >= 2 and made.word_bits == 21
    assert made.n_words == sum(max(2, int(np.count_nonzero(w))) for layer in network.weights for w in layer)


def test_a_wrong_word_is_found_before_anything_is_written() -> None:
    network = toy_convolutions()
    made = plan(network, next(shapes(network)))
    made.verify()
    (front, ((first, *others), *channels)) = made.program.words
    changed = (front, ((replace(first, weight=first.weight + 1), *others), *channels))

    class Wrong(Program):
        words = changed  # type: ignore[assignment]

    wrong = replace(made, program=Wrong(shape=made.shape, network=network))
    with pytest.raises(MismatchError, match="planar plan: conv2"):
        wrong.verify()


def test_lanes_with_any_tile_compute_any_chain() -> None:
    """Channels, strides, paddings, poolings, residuals, odd maps and streams at random, on all grids."""
    rng = _rng(7)
    for _ in range(6):
        kernel = int(rng.integers(1, 5))
        first = Conv(
            channels=int(rng.integers(1, 6)),
            kernel=kernel,
            stride=int(rng.integers(1, kernel + 1)),
            padding=int(rng.integers(0, min(2, kernel))),
            output=str(rng.choice(["INT8", "INT5"])),
            shift=int(rng.integers(3, 10)),
        )
        size = int(rng.integers(1, 4))
        pool = Pool(
            kernel=size,
            stride=int(rng.integers(1, min(2, size) + 1)),
            padding=size // 2,
            output=str(rng.choice(["INT8", "INT4"])),
            pre_relu=bool(rng.integers(2)),
        )
        block = Conv(
            channels=first.channels,
            kernel=3,
            padding=1,
            output=str(rng.choice(["INT8", "UINT3"])),
            shift=int(rng.integers(1, 7)),
            gain=0,
            pre_relu=bool(rng.integers(2)),
            adds=2,
        )
        shape = (int(rng.integers(1, 4)), int(rng.integers(12, 20)), int(rng.integers(12, 20)))
        network = chain(rng, shape, [first, pool, block], input_type="INT8")
        for grid in shapes(network):
            streams, packing = rng.integers(1, 1 + min(2, first.channels)), rng.integers(1, 3)
            grid = replace(grid, streams=int(streams), packing=int(packing))
            inputs = rng.integers(-128, 128, (2, network.spec.widths[0]))
            answers = zip(network.forward(inputs), interpret(program(network, grid), inputs), strict=True)
            assert all(np.array_equal(expected, got) for expected, got in answers)


ESTIMATED: dict[str, Callable[[], tuple[IntNetwork, PlanarSettings]]] = {
    "toy": lambda: (toy_convolutions(), PlanarSettings(rows=5, streams=1, packing=1)),
    "toy, two streams": lambda: (toy_convolutions(), PlanarSettings(rows=5, streams=2, packing=1)),
    "toy, packed": lambda: (toy_convolutions(), PlanarSettings(rows=5, streams=1, packing=2)),
    "residual stack": lambda: (residual_stack(_rng()), PlanarSettings(rows=6, streams=1, packing=1)),
    "residual stack, both": lambda: (residual_stack(_rng()), PlanarSettings(rows=6, streams=2, packing=2)),
    "ResNet": lambda: (resnet_convolutions(0.98), PlanarSettings(rows=11, streams=1, packing=1)),
    "NatureCNN": lambda: (nature_convolutions(0.98), PlanarSettings(rows=10, streams=1, packing=1)),
    "NatureCNN, both": lambda: (nature_convolutions(0.98), PlanarSettings(rows=10, streams=2, packing=2)),
    "NatureCNN, 5 x 5": lambda: (nature_convolutions(0.98), PlanarSettings(rows=5, streams=1, packing=1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMATED)
def test_estimate_is_within_15_percent_of_synthesis(name: str, tmp_path: Path) -> None:
    network, settings = ESTIMATED[name]()
    (made,) = Planar().plan([network], settings, BOARD, NOTHING)
    build_bare(made, tmp_path).assert_estimate_is_near()
