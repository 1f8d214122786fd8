"""Networks of several kinds: convolutions, a residual, a dense tail, and whatever layer a test adds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganglion.models.layers import Conv2d, Dense, Layer, MaxPool2d
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType

INT8, UINT8, INT4 = IntType.parse("INT8"), IntType.parse("UINT8"), IntType.parse("INT4")


def conv(name: str, in_channels: int, out_channels: int, size: int, **fields: Any) -> Conv2d:
    """Return a 3 x 3 convolution of planes of `size` rows and columns, to UINT8 by a shift of 4."""
    fields = {
        "kernel": 3,
        "weight_type": INT4,
        "output_type": UINT8,
        "input_exponent": 0,
        "weight_exponent": -4,
        "output_exponent": 0,
    } | fields
    channels = {"in_channels": in_channels, "out_channels": out_channels}
    return Conv2d(name=name, height=size, width=size, **channels, **fields)


def pool(name: str, channels: int, size: int, **fields: Any) -> MaxPool2d:
    """Return a max-pooling of 3 x 3 by 2, padded, of planes of `size` rows and columns, to INT8."""
    fields = {"kernel": 3, "stride": 2, "padding": 1, "output_type": INT8} | fields
    scales = {"input_exponent": 0, "output_exponent": 0}
    return MaxPool2d(name=name, channels=channels, height=size, width=size, **scales, **fields)


def tail(name: str, in_features: int, out_features: int, **fields: Any) -> Dense:
    """Return a dense layer to INT8 by a shift of 5."""
    fields = {
        "weight_type": INT4,
        "output_type": INT8,
        "input_exponent": 0,
        "weight_exponent": -5,
        "output_exponent": 0,
    } | fields
    return Dense(name=name, in_features=in_features, out_features=out_features, **fields)


def filled(layers: Sequence[Layer], seed: int = 0, input_type: IntType = INT8) -> IntNetwork:
    """Return a network of these layers with random weights, half of them zero, and biases."""
    rng, weights, biases = np.random.default_rng(seed), [], []
    for layer in layers:
        weight = rng.integers(-layer.weight_type.high, layer.weight_type.high + 1, layer.weight_shape)
        weights.append(weight * rng.integers(0, 2, layer.weight_shape))
        biases.append(rng.integers(-200, 200, layer.weight_shape[:1]))
    spec = NetworkSpec(input_type=input_type, layers=tuple(layers))
    return IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))


def residual_network() -> IntNetwork:
    """Return conv 2 → 4, conv 4 → 4 and the first one, a strided conv, a dense tail, on 6 x 6 planes."""
    return filled(
        [
            conv("conv1", 2, 4, 6, padding=1),
            conv("conv2", 4, 4, 6, padding=1, residual="conv1"),
            conv("conv3", 4, 3, 6, stride=2),
            tail("fc1", 12, 5, output_type=UINT8),
            tail("fc2", 5, 2),
        ]
    )


def resnet() -> IntNetwork:
    """Return two stacks of conv, max-pool and a residual block with its ReLUs first, on 7 x 7 planes."""
    return filled(
        [
            conv("conv1", 2, 3, 7, padding=1, output_type=INT8),
            pool("pool1", 3, 7),
            conv("conv2", 3, 3, 4, padding=1, pre_relu=True),
            conv("conv3", 3, 3, 4, padding=1, residual="pool1", output_type=INT8),
            conv("conv4", 3, 5, 4, padding=1, output_type=INT8),
            pool("pool2", 5, 4),
            conv("conv5", 5, 5, 2, padding=1, pre_relu=True),
            conv("conv6", 5, 5, 2, padding=1, residual="pool2"),
            tail("fc1", 20, 3),
        ]
    )


def inputs_of(network: IntNetwork, n_vectors: int, seed: int = 1) -> np.ndarray:
    """Return inputs [n_vectors, *in] int64, all low and all high among them."""
    kind = network.spec.input_type
    shape = (n_vectors, *network.spec.shape(0))
    inputs = np.random.default_rng(seed).integers(kind.low, kind.high + 1, shape)
    inputs[0], inputs[1] = kind.low, kind.high
    return inputs
