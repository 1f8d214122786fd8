"""Convolutions and poolings for the planar engine, and the frames that they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ganglion.hw.engines.registry import find_engine
from ganglion.hw.mapping.segments import engine_of_each, segments_of
from ganglion.hw.sim.equality import Vectors
from ganglion.models.layers import Conv2d, MaxPool2d
from ganglion.models.layers.layer import Shape
from ganglion.models.random_cnn import impala, nature_cnn, random_cnn
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType
from tests.hw.toy import toy_cnn


def convolutions(network: IntNetwork) -> IntNetwork:
    """Return the convolutions and poolings at the front of a network."""
    chosen = engine_of_each([find_engine("planar")], network.spec)
    return segments_of(network, chosen)[0].network


def toy_convolutions() -> IntNetwork:
    """Return those of the toy: 2 frames of 12 x 12, maps of 5 x 5 and 3 x 3."""
    return convolutions(toy_cnn())


def nature_convolutions(sparsity: float) -> IntNetwork:
    """Return those of a random NatureCNN."""
    return convolutions(random_cnn(np.random.default_rng(1), nature_cnn(6), sparsity))


def resnet_convolutions(sparsity: float) -> IntNetwork:
    """Return those of a random residual network, its poolings too."""
    return convolutions(random_cnn(np.random.default_rng(1), impala(6), sparsity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """A convolution to be made; `shift` is its requantization's.

    Outputs are `gain` bits coarser than inputs, `shift` of them when None. `adds` counts the layer, from 1,
    whose map is added.
    """

    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    output: str = "UINT8"
    weight: str = "INT8"
    shift: int = 9
    gain: int | None = None
    pre_relu: bool = False
    adds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A max-pooling to be made."""

    kernel: int
    stride: int
    padding: int = 0
    output: str = "INT8"
    pre_relu: bool = False


def chain(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    parts: Sequence[Conv | Pool],
    *,
    input_type: str = "UINT8",
    frame_stack: int = 1,
    density: float = 0.5,
) -> IntNetwork:
    """Return random convolutions and poolings over an input [channels, rows, columns]."""
    layers, weights, biases = list[Conv2d | MaxPool2d](), list[Ints](), list[Ints]()
    for index, part in enumerate(parts, 1):
        entering = layers[-1].out_shape if layers else shape
        layer = (
            _conv(index, part, layers, entering)
            if isinstance(part, Conv)
            else _pool(index, part, layers, entering)
        )
        high, n_out = layer.weight_type.high, layer.weight_shape[0]
        weight = rng.integers(-high, high + 1, layer.weight_shape)
        weights.append(np.where(rng.random(weight.shape) < density, weight, 0))
        biases.append(rng.integers(-(8 << layer.shift), 8 << layer.shift, n_out))
        layers.append(layer)
    spec = NetworkSpec(input_type=IntType.parse(input_type), layers=tuple(layers), frame_stack=frame_stack)
    return IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))


def _conv(index: int, conv: Conv, before: list[Any], shape: Shape) -> Conv2d:
    exponent = before[-1].output_exponent if before else 0
    gain = conv.shift if conv.gain is None else conv.gain
    return Conv2d(
        name=f"conv{index}", in_channels=shape[0], out_channels=conv.channels,
        height=shape[1], width=shape[2], kernel=conv.kernel, stride=conv.stride, padding=conv.padding,
        pre_relu=conv.pre_relu, residual=None if conv.adds is None else before[conv.adds - 1].name,
        weight_type=IntType.parse(conv.weight), output_type=IntType.parse(conv.output),
        input_exponent=exponent, weight_exponent=gain - conv.shift, output_exponent=exponent + gain,
    )  # fmt: skip


def _pool(index: int, pool: Pool, before: list[Any], shape: Shape) -> MaxPool2d:
    exponent = before[-1].output_exponent if before else 0
    return MaxPool2d(
        name=f"pool{index}", channels=shape[0], height=shape[1], width=shape[2],
        kernel=pool.kernel, stride=pool.stride, padding=pool.padding, pre_relu=pool.pre_relu,
        output_type=IntType.parse(pool.output), input_exponent=exponent, output_exponent=exponent,
    )  # fmt: skip


def residual_stack(
    rng: np.random.Generator, shape: tuple[int, int, int] = (2, 11, 9), frame_stack: int = 2
) -> IntNetwork:
    """Return a stack of the residual network: a convolution, a pooling, a block that adds what entered it."""
    parts = (
        Conv(channels=3, kernel=3, padding=1, output="INT8", shift=10),
        Pool(kernel=3, stride=2, padding=1),
        Conv(channels=4, kernel=3, padding=1, shift=8, gain=0, pre_relu=True),
        Conv(channels=3, kernel=3, padding=1, output="INT8", shift=6, gain=1, weight="INT6", adds=2),
        Conv(channels=2, kernel=3, padding=1, output="INT8", shift=9, pre_relu=True),
    )
    return chain(rng, shape, parts, frame_stack=frame_stack)


def with_kernels(network: IntNetwork, layer: int, channel: int, value: int) -> IntNetwork:
    """Return the network in which all weights of a layer's output channel are `value`."""
    weights = list(network.weights)
    weights[layer] = weights[layer].copy()
    weights[layer][channel] = value
    return replace(network, weights=tuple(weights))


def frame_vectors(network: IntNetwork, n_frames: int, episode: int, seed: int = 3) -> Vectors:
    """Return random frames, extremes among them, in episodes of so many, with every layer's answers."""
    rng, kind = np.random.default_rng(seed), network.spec.input_type
    frames = rng.integers(kind.low, kind.high + 1, (n_frames, network.spec.step_width))
    frames[1::5], frames[2::7] = kind.high, kind.low
    return Vectors.of(network, frames, np.arange(n_frames) % episode == 0)
