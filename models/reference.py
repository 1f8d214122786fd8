"""The integer-only forward pass: the definition of bit-exact that every other link is held against."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ExportError
from ganglion.models.layers.layer import Ints
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Entry, Pixels
from ganglion.models.spec.types import BIAS_TYPE, IntType

# float32 carries every integer up to here, so PyTorch, QONNX and FINN compute the same sums exactly.
EXACT_IN_FLOAT32 = 1 << 24


def requantize(acc: Ints, shift: int, output_type: IntType) -> Ints:
    """Scale accumulators to activations: [...] int64 → [...] int64, half up, saturating."""
    half = (1 << shift) >> 1
    return np.clip((acc + half) >> shift, output_type.low, output_type.high)


def activations(spec: NetworkSpec, index: int, acc: Ints, boundaries: Sequence[Ints]) -> Ints:
    """Return what layer `index` gives: its accumulators and its residual, if any, requantized."""
    layer, residual = spec.layers[index], spec.residual(index)
    if residual is not None:
        acc = acc + (boundaries[residual] << spec.residual_shift(index))
    return requantize(acc, layer.shift, layer.output_type)


def quantize_observation(obs: npt.ArrayLike, normalizer: Entry, input_type: IntType) -> Ints:
    """Turn raw observations into integers by float32 arithmetic: [batch, obs] → [batch, in] int64."""
    if isinstance(normalizer, Pixels):
        return np.clip(np.asarray(obs), input_type.low, input_type.high).astype(np.int64)
    selected_f32 = np.asarray(obs, dtype=np.float32)[..., list(normalizer.features)]
    offset_f32 = np.array(normalizer.offset, dtype=np.float32)
    scaled_f32 = (selected_f32 - offset_f32) * np.array(normalizer.gain, dtype=np.float32)
    rounded_f32 = np.floor(scaled_f32 + np.float32(0.5))
    return np.clip(rounded_f32, input_type.low, input_type.high).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntNetwork:
    """A network with its integers: weights and biases of each layer, biases on the accumulator's grid.

    Construction proves that values fit their types and that no accumulator can reach `EXACT_IN_FLOAT32`.
    """

    spec: NetworkSpec
    weights: tuple[Ints, ...]
    biases: tuple[Ints, ...]

    def __post_init__(self) -> None:
        if not len(self.weights) == len(self.biases) == len(self.spec.layers):
            raise ExportError(
                f"{len(self.spec.layers)} layers, but {len(self.weights)} weights, {len(self.biases)} biases"
            )
        for index in range(len(self.spec.layers)):
            self._check_layer(index)

    def _check_layer(self, index: int) -> None:
        layer, weight, bias = self.spec.layers[index], self.weights[index], self.biases[index]
        if weight.shape != layer.weight_shape or bias.shape != layer.weight_shape[:1]:
            raise ExportError(
                f"{layer.name}: expected weight {layer.weight_shape}, "
                f"got {weight.shape} with bias {bias.shape}"
            )
        # Narrow: Brevitas clips the lowest value of two's complement, so that weights are symmetric.
        high = layer.weight_type.high
        outside = np.argwhere(np.abs(weight) > high)
        if outside.size:
            at = tuple(int(i) for i in outside[0])
            raise ExportError(
                f"{layer.name}: weight {weight[at]} at {list(at)} is outside {layer.weight_type.name}'s "
                f"narrow range [{-high}, {high}]; raise weight_bits or the weight's scale"
            )
        self._check_accumulator(index)

    def _check_accumulator(self, index: int) -> None:
        layer, bias = self.spec.layers[index], self.biases[index]
        bound = int(self.accumulator_bound(index).max())
        if bound >= EXACT_IN_FLOAT32:
            raise ExportError(
                f"{layer.name}: accumulator can reach {bound}, allowed below 2^24 = {EXACT_IN_FLOAT32}; "
                "prune further, or lower weight_bits or activation_bits"
            )
        if np.abs(bias).max(initial=0) > BIAS_TYPE.high:
            raise ExportError(
                f"{layer.name}: bias {bias[np.abs(bias).argmax()]} is outside ±{BIAS_TYPE.high} "
                f"steps of 2^{layer.accumulator_exponent}"
            )

    def accumulator_bound(self, index: int) -> Ints:
        """Return the largest magnitude of a partial sum of layer `index`, rounding included: [*out] int64."""
        spec, layer = self.spec, self.spec.layers[index]
        largest = np.full((1, *layer.in_shape), _magnitude(spec.input_type_of(index)))
        bound = layer.accumulate(largest, np.abs(self.weights[index]), np.abs(self.biases[index]))[0]
        if (residual := spec.residual(index)) is not None:
            bound = bound + (_magnitude(spec.type(residual)) << spec.residual_shift(index))
        return bound + ((1 << layer.shift) >> 1)

    def forward(self, inputs: Ints) -> list[Ints]:
        """Return every layer's activations: [batch, *in] → list of [batch, *out] int64, the output last."""
        boundaries = [np.asarray(inputs, dtype=np.int64)]
        for index, layer in enumerate(self.spec.layers):
            entering = layer.entering(boundaries[self.spec.source(index)])
            acc = layer.accumulate(entering, self.weights[index], self.biases[index])
            boundaries.append(activations(self.spec, index, acc, boundaries))
        return boundaries[1:]

    def __call__(self, inputs: Ints) -> Ints:
        """Return the network's integer output: [batch, *in] → [batch, *out] int64."""
        return self.forward(inputs)[-1]

    @property
    def nnz(self) -> int:
        """Number of nonzero weights."""
        return sum(int(np.count_nonzero(weight)) for weight in self.weights)


def _magnitude(int_type: IntType) -> int:
    return max(-int_type.low, int_type.high)
