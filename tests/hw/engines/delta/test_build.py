"""What a delta engine cannot be is refused in a line; its estimate holds against synthesis."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw import gates
from ganglion.hw.engines.delta.engine import Delta
from ganglion.hw.engines.delta.plan import plan
from ganglion.hw.engines.delta.settings import DeltaSettings
from ganglion.hw.engines.delta.shape import DeltaShape, packs
from ganglion.hw.gates import GateLevel, GatesSettings
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import CompileError
from ganglion.models.layers import Conv2d
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.types import IntType
from tests.hw.bare import build_bare
from tests.hw.engines.delta.nets import column_network
from tests.hw.engines.folded.nets import hopper_98
from tests.hw.toy import toy_network, write_toy_node
from tests.networks import random_network

BOARD = find_board("Pynq-Z2")


def _plan(network: IntNetwork, **settings: int) -> None:
    Delta().plan([network], DeltaSettings(**settings), BOARD, NOTHING)


def test_layers_that_it_has_no_hardware_for_are_refused() -> None:
    network = random_network(np.random.default_rng(0), (4, 4, 4))
    first, second = network.spec.layers
    added = replace(network.spec, layers=(first, replace(second, residual="fc1")))
    with pytest.raises(CompileError, match="delta: fc2 reads more than the layer before; allowed are"):
        _plan(replace(network, spec=added), lanes=2)
    convolution = Conv2d(
        name="conv1",
        in_channels=1,
        out_channels=2,
        height=3,
        width=3,
        kernel=2,
        weight_type=first.weight_type,
        output_type=first.output_type,
        input_exponent=0,
        weight_exponent=0,
        output_exponent=7,
    )
    spec = replace(network.spec, layers=(convolution,))
    made = IntNetwork(spec=spec, weights=(np.ones((2, 1, 2, 2), np.int64),), biases=(np.zeros(2, np.int64),))
    with pytest.raises(CompileError, match="delta: conv1 is of kind 'conv2d'; allowed are dense"):
        _plan(made, lanes=2)


def test_more_lanes_or_channels_than_work_name_the_nearest_that_works() -> None:
    network = random_network(np.random.default_rng(0), (3, 4, 1))
    with pytest.raises(CompileError, match=rf"delta: 60 lanes are more than .* {network.nnz} .*lanes=\d+"):
        _plan(network, lanes=60)
    with pytest.raises(CompileError, match="channels = 5 is outside 1 to 4; .* channels=4"):
        DeltaShape(lanes=2, channels=5)


def test_lanes_that_a_board_cannot_hold_are_refused_with_a_number_that_it_can() -> None:
    small = replace(BOARD, resources=replace(BOARD.resources, lut=4000))
    network = hopper_98(np.random.default_rng(0))
    with pytest.raises(CompileError, match=r"16 lanes .* takes [\d,]+ LUT of .*; set lanes=\d") as error:
        Delta().plan([network], DeltaSettings(lanes=16), small, NOTHING)
    lanes = int(str(error.value).partition("lanes=")[2].split()[0])
    Delta().plan([network], DeltaSettings(lanes=lanes), small, NOTHING)


def test_a_multiplier_makes_two_products_where_it_is_wide_enough() -> None:
    int8, int4 = IntType.parse("INT8"), IntType.parse("INT4")
    assert packs(int8, 8, 25) and not packs(int8, 8, 23) and packs(int4, 8, 16)
    network = column_network(np.random.default_rng(0))
    apart, packed = (plan(network, DeltaShape(lanes=3, packed=packed)) for packed in (False, True))
    assert (apart.resources.dsp, packed.resources.dsp) == (6, 3)


ESTIMATED: dict[str, Callable[[], tuple[IntNetwork, DeltaShape]]] = {
    "small": lambda: (random_network(np.random.default_rng(0), (6, 13, 5), density=0.5), DeltaShape(lanes=3)),
    "8 lanes": lambda: (hopper_98(np.random.default_rng(0)), DeltaShape(lanes=8)),
    "4 lanes, 8 channels": lambda: (hopper_98(np.random.default_rng(0)), DeltaShape(lanes=4, channels=8)),
}


@pytest.mark.slow
@pytest.mark.parametrize("board", ["Pynq-Z2", "ZCU104"])
@pytest.mark.parametrize("name", ESTIMATED)
def test_estimate_is_within_15_percent_of_synthesis(name: str, board: str, tmp_path: Path) -> None:
    network, shape = ESTIMATED[name]()
    settings = DeltaSettings(lanes=shape.lanes, channels=shape.channels)
    (made,) = Delta().plan([network], settings, find_board(board), NOTHING)
    build_bare(made, tmp_path, board=board).assert_estimate_is_near()


@pytest.mark.slow
def test_the_netlist_of_synthesis_is_the_accelerator(tmp_path: Path) -> None:
    paths = write_toy_node(plan(toy_network(), DeltaShape(lanes=2)), tmp_path)
    gates.run(GatesSettings(name="toy", build=tmp_path))
    assert decode_json(GateLevel, paths.gates).vectors > 10_000
