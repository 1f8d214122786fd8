"""Chains of convolutions for the planar engine, and the frames that they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ganglion.hw.engines.registry import find_engine
from ganglion.hw.mapping.segments import segments_of
from ganglion.hw.sim.equality import Vectors
from ganglion.models.layers import Conv2d
from ganglion.models.random_cnn import nature_cnn, random_cnn
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType
from tests.hw.toy import toy_cnn


def convolutions(network: IntNetwork) -> IntNetwork:
    """Return the convolutions at the front of a network."""
    planar, folded = find_engine("planar"), find_engine("folded")
    chosen = [planar if isinstance(layer, Conv2d) else folded for layer in network.spec.layers]
    return segments_of(network, chosen)[0].network


def toy_convolutions() -> IntNetwork:
    """Return those of the toy: 2 frames of 12 x 12, maps of 5 x 5 and 3 x 3."""
    return convolutions(toy_cnn())


def nature_convolutions(sparsity: float) -> IntNetwork:
    """Return those of a random NatureCNN."""
    return convolutions(random_cnn(np.random.default_rng(1), nature_cnn(6), sparsity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """A convolution to be made; `shift` is its requantization's."""

    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    output: str = "UINT8"
    weight: str = "INT8"
    shift: int = 9


def chain(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    convs: Sequence[Conv],
    *,
    input_type: str = "UINT8",
    frame_stack: int = 1,
    density: float = 0.5,
) -> IntNetwork:
    """Return random convolutions over an input [channels, rows, columns]."""
    layers, weights, biases = list[Conv2d](), list[Ints](), list[Ints]()
    for index, conv in enumerate(convs, 1):
        channels, height, width = shape
        exponent = layers[-1].output_exponent if layers else 0
        layer = Conv2d(
            name=f"conv{index}", in_channels=channels, out_channels=conv.channels, height=height, width=width,
            kernel=conv.kernel, stride=conv.stride, padding=conv.padding,
            weight_type=IntType.parse(conv.weight), output_type=IntType.parse(conv.output),
            input_exponent=exponent, weight_exponent=0, output_exponent=exponent + conv.shift,
        )  # fmt: skip
        high = layer.weight_type.high
        weight = rng.integers(-high, high + 1, layer.weight_shape)
        weights.append(np.where(rng.random(weight.shape) < density, weight, 0))
        biases.append(rng.integers(-(8 << conv.shift), 8 << conv.shift, conv.channels))
        layers.append(layer)
        shape = (conv.channels, layer.out_shape[1], layer.out_shape[2])
    spec = NetworkSpec(input_type=IntType.parse(input_type), layers=tuple(layers), frame_stack=frame_stack)
    return IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))


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
