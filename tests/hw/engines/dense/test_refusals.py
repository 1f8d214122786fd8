"""What FINN's RTL cannot compute, or a part cannot hold, is refused in one line that says why."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ganglion.hw.engines.dense.cost import total
from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.dense.folding import fold
from ganglion.hw.engines.dense.shape import dense_shapes
from ganglion.hw.mapping.layout import Layout, lay_out
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.errors import CompileError
from ganglion.models.layers import Layer, MaxPool2d
from ganglion.models.random_cnn import nature_cnn, random_cnn
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.types import IntType
from tests.hw.engines.dense.convolutions import SMALLEST
from tests.models.layers.nets import UINT8, conv, filled, tail

BOARD = find_board("Pynq-Z2")
FIRST = conv("conv1", 2, 4, 6, padding=1)
POOL = MaxPool2d(
    name="pool1",
    channels=4,
    height=6,
    width=6,
    kernel=2,
    stride=2,
    output_type=UINT8,
    input_exponent=0,
    output_exponent=0,
)
REFUSED: dict[str, tuple[Sequence[Layer], str]] = {
    "residual": (
        [FIRST, conv("conv2", 4, 4, 6, padding=1, residual="conv1"), tail("fc1", 144, 2)],
        r"conv2: Add \(a residual\) has no RTL in FINN, only HLS",
    ),
    "fork": (
        [
            FIRST,
            conv("conv2", 4, 4, 6, padding=1),
            conv("conv3", 4, 4, 6, source="conv1"),
            tail("fc1", 64, 2),
        ],
        r"conv3: DuplicateStreams \(a fork\) has no RTL in FINN",
    ),
    "pooling": ([FIRST, POOL], "pool1: MaxPool has no RTL in FINN, only HLS"),
    "wide values": (
        [replace(tail("fc1", 4, 2), output_type=IntType(bits=16, signed=True))],
        "fc1: FINN streamlines outputs of up to 8 bits, and it has 16",
    ),
    "map at the end": ([FIRST], "conv1: a convolution is the last layer of a run on engine=dense"),
}


def laid_out(network: IntNetwork) -> Layout:
    dense = Dense()
    return lay_out(network, [dense] * len(network.spec.layers), {dense.name: dense.settings()}, BOARD)


@pytest.mark.parametrize("name", REFUSED)
def test_layers_without_rtl_are_refused_by_their_operator(name: str) -> None:
    layers, message = REFUSED[name]
    with pytest.raises(CompileError, match=message):
        laid_out(filled(layers))


def test_stacked_frames_are_left_to_an_engine_that_keeps_them() -> None:
    network = random_cnn(np.random.default_rng(0), replace(SMALLEST, frame_stack=2), sparsity=0.5)
    with pytest.raises(CompileError, match="engine=dense keeps no frames, of which conv1 reads the latest 2"):
        laid_out(network)


def test_nature_cnn_needs_more_memory_than_any_board_has() -> None:
    # With memory to spare the board's multipliers would give a frame in 28,224 cycles (docs/engines.md).
    cnn = replace(nature_cnn(n_actions=6), frame_stack=1)
    network = random_cnn(np.random.default_rng(0), cnn, sparsity=0.9)
    shapes = dense_shapes(network)
    message = (
        r"by the model of FINN's units the smallest folding of conv1 256 x 32, .* fc2 512 x 6 "
        r"takes \d+ BRAM of 252 that Pynq-Z2 has to give; no known board fits; .* use engine=planar"
    )
    with pytest.raises(CompileError, match=message):
        fold(shapes, BOARD, NOTHING)
    roomy = replace(BOARD, resources=replace(BOARD.resources, bram=10_000))
    foldings = fold(shapes, roomy, NOTHING)
    assert max(folding.cycles for folding in foldings) == 28_224
    assert (total(foldings, roomy).dsp, total(foldings, roomy).bram) == (198, 792)
