"""Convolutions through every pass: golden's integers after each, in corners of kernels, strides and maps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.engine import EngineSettings
from ganglion.hw.finn.flow import build
from ganglion.hw.mapping.layout import lay_out
from ganglion.hw.target.board import find_board
from ganglion.models.layers import Conv2d, Layer
from ganglion.models.layers import Dense as DenseLayer
from ganglion.models.spec.types import IntType
from tests.models.layers.nets import INT8, UINT8, filled, inputs_of


def conv(
    name: str, channels: tuple[int, int], size: tuple[int, int], kernel: int,
    stride: int = 1, padding: int = 0, output: IntType = UINT8,
) -> Conv2d:  # fmt: skip
    return Conv2d(
        name=name, in_channels=channels[0], out_channels=channels[1], height=size[0], width=size[1],
        kernel=kernel, stride=stride, padding=padding, weight_type=INT8, output_type=output,
        input_exponent=0, weight_exponent=-8, output_exponent=0,
    )  # fmt: skip


def fc(name: str, n_in: int, n_out: int, output: IntType = INT8) -> DenseLayer:
    return DenseLayer(
        name=name, in_features=n_in, out_features=n_out, weight_type=INT8, output_type=output,
        input_exponent=0, weight_exponent=-9, output_exponent=0,
    )  # fmt: skip


CORNERS: dict[str, Sequence[Layer]] = {
    "signed maps": [
        conv("conv1", (2, 4), (6, 6), 3, output=INT8),
        conv("conv2", (4, 3), (4, 4), 3, output=INT8),
        fc("fc1", 12, 3),
    ],
    "one channel": [conv("conv1", (1, 1), (6, 7), 3), conv("conv2", (1, 1), (4, 5), 2), fc("fc1", 12, 3)],
    "kernels of one": [conv("conv1", (3, 5), (4, 5), 1), conv("conv2", (5, 2), (4, 5), 1), fc("fc1", 40, 3)],
    "one, padded before": [
        conv("conv1", (3, 5), (5, 5), 3, stride=2, padding=1),
        conv("conv2", (5, 2), (3, 3), 1),
        fc("fc1", 18, 3),
    ],
    "primes, a stride of the kernel": [
        conv("conv1", (3, 7), (11, 9), 4, stride=4),
        conv("conv2", (7, 5), (2, 2), 2, padding=1),
        fc("fc1", 45, 7, output=UINT8),
        fc("fc2", 7, 2),
    ],
    "one position": [
        conv("conv1", (2, 4), (5, 5), 3, stride=2),
        conv("conv2", (4, 6), (2, 2), 2),
        fc("fc1", 6, 3),
    ],
    "unread columns": [conv("conv1", (2, 4), (8, 8), 3, stride=2), fc("fc1", 36, 3)],
    "one row": [conv("conv1", (2, 4), (3, 9), 3), fc("fc1", 28, 3)],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CORNERS)
def test_every_pass_keeps_the_integers_of_maps(name: str, tmp_path: Path) -> None:
    layers = CORNERS[name]
    network = filled(layers, input_type=layers[0].output_type)
    inputs = inputs_of(network, 8)
    answers = zip(network.spec.layers, network.forward(inputs), strict=True)
    golden = {"input": inputs.reshape(8, -1)}
    golden |= {layer.name: values.reshape(8, -1) for layer, values in answers}
    settings = {"dense": EngineSettings()}
    layout = lay_out(network, [Dense()] * len(layers), settings, find_board("Pynq-Z2"))
    files = build(golden, layout, tmp_path)
    assert [tap.format.features for tap in files.taps] == list(network.spec.widths[1:])
    assert files.input.format.channels == network.spec.shape(0)[0]
    assert np.all(files.input.format.unpack(files.input.format.pack(golden["input"])) == golden["input"])
