"""Random policies over stacked frames, NatureCNN and the residual network among them, of any sparsity."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ganglion.models.formats.export import write_policy
from ganglion.models.frames import stacked
from ganglion.models.layers import Conv2d, Layer
from ganglion.models.nets.architecture import INT8, UINT8, UNSCALED, dense_chain, impala_resnet
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.random_policy import calibrated, covering_mask, survivors
from ganglion.models.reference import IntNetwork
from ganglion.models.sparsity import Distribution, pools_of
from ganglion.models.spec.heads import ArgmaxHead
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import PIXEL_EXPONENT, Pixels

CALIBRATION_FRAMES, GOLDEN_FRAMES = 64, 100
N_BLOCKS, NOISE_EVERY, EPISODES = 4, 8, 2
Frames = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """A convolution to be made."""

    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cnn:
    """Convolutions over stacked frames [channels, rows, columns], then dense layers of some widths."""

    shape: tuple[int, int, int]
    convs: tuple[Conv, ...]
    widths: tuple[int, ...]
    frame_stack: int

    @property
    def architecture(self) -> NetworkSpec:
        """The layers without scales."""
        layers: list[Layer] = []
        shape = self.shape
        for index, conv in enumerate(self.convs, 1):
            channels, height, width = shape
            sizes = {"in_channels": channels, "height": height, "width": width, "out_channels": conv.channels}
            window = {"kernel": conv.kernel, "stride": conv.stride, "padding": conv.padding}
            types = {"weight_type": INT8, "output_type": UINT8}
            layer = Conv2d(name=f"conv{index}", **sizes, **window, **types, **UNSCALED)
            layers.append(layer)
            shape = layer.out_shape
        layers += dense_chain(math.prod(shape), self.widths)
        return NetworkSpec(input_type=UINT8, layers=tuple(layers), frame_stack=self.frame_stack)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResNet:
    """Stacks of a convolution, a pooling and two residual blocks, of some channels, then dense layers."""

    shape: tuple[int, int, int]
    channels: tuple[int, ...]
    widths: tuple[int, ...]
    frame_stack: int

    @property
    def architecture(self) -> NetworkSpec:
        """The layers without scales."""
        spec = impala_resnet(self.shape, self.channels, self.widths)
        return replace(spec, frame_stack=self.frame_stack)


def nature_cnn(n_actions: int) -> Cnn:
    """Return the network of Mnih et al. 2015 for so many actions."""
    convs = (
        Conv(channels=32, kernel=8, stride=4),
        Conv(channels=64, kernel=4, stride=2),
        Conv(channels=64, kernel=3),
    )
    return Cnn(shape=(4, 84, 84), convs=convs, widths=(512, n_actions), frame_stack=4)


def impala(n_actions: int) -> ResNet:
    """Return the residual network of Espeholt et al. 2018 (IMPALA) for so many actions."""
    return ResNet(shape=(4, 84, 84), channels=(16, 32, 32), widths=(256, n_actions), frame_stack=4)


def random_cnn(rng: np.random.Generator, cnn: Cnn | ResNet, sparsity: float) -> IntNetwork:
    """Return an int8 network of this shape on pixels, a fraction `sparsity` of its weights zero.

    Layers share the nonzeros by the Erdős–Rényi law in its kernel form; every channel and neuron reads.
    """
    architecture = cnn.architecture
    shapes = [layer.weight_shape for layer in architecture.layers if layer.has_weights]
    pools = iter(pools_of(shapes, sparsity, Distribution.ERK))
    weights = []
    for layer in architecture.layers:
        weight = np.zeros(0, np.int64)
        if layer.has_weights:
            rows = (layer.weight_shape[0], math.prod(layer.weight_shape[1:]))
            weight = survivors(rng, rows) * covering_mask(rng, rows, next(pools).count)
        weights.append(weight.reshape(layer.weight_shape))
    inputs = stacked(*random_frames(rng, cnn, CALIBRATION_FRAMES), cnn.frame_stack).astype(np.int64)
    return calibrated(rng, architecture, weights, inputs, PIXEL_EXPONENT)


def random_frames(
    rng: np.random.Generator, cnn: Cnn | ResNet, n_frames: int
) -> tuple[Frames, npt.NDArray[np.bool_]]:
    """Return frames [n, c, H, W] uint8 of episodes, and where these start: [n] bool.

    Blocks of one gray move over another; every eighth frame is noise.
    """
    channels, (rows, columns) = cnn.shape[0] // cnn.frame_stack, cnn.shape[1:]
    frames = np.full((n_frames, channels, rows, columns), rng.integers(40, 140), np.uint8)
    for _ in range(N_BLOCKS):
        height, width = rng.integers(1, rows // 3 + 1), rng.integers(1, columns // 3 + 1)
        start, speed, gray = rng.random(2), rng.normal(0, 0.03, 2), rng.integers(0, 256)
        for index, frame in enumerate(frames):
            place = np.mod(start + index * speed, 1) * (rows - height, columns - width)
            y, x = place.astype(int)
            frame[:, y : y + height, x : x + width] = gray
    noisy = frames[NOISE_EVERY - 1 :: NOISE_EVERY]
    noisy[:] = rng.integers(0, 256, noisy.shape)
    return frames, np.arange(n_frames) % -(-n_frames // EPISODES) == 0


def write_random_cnn(folder: Path, env: str, cnn: Cnn | ResNet, sparsity: float, seed: int) -> None:
    """Write a policy folder around a random network for the environment `env`, whose frames it stacks."""
    rng = np.random.default_rng(seed)
    network = random_cnn(rng, cnn, sparsity)
    frames, starts = random_frames(rng, cnn, GOLDEN_FRAMES)
    write_policy(
        QuantNetwork.from_integers(Pixels(shape=cnn.shape), network),
        folder,
        name=f"random-cnn-{round(100 * sparsity)}",
        env=env,
        algorithm="none",
        observations=frames.reshape(len(frames), -1),
        action=ArgmaxHead(exponent=network.spec.output_exponent, n_actions=cnn.widths[-1]),
        provenance={"seed": seed, "sparsity": sparsity},
        episode_starts=starts,
    )
