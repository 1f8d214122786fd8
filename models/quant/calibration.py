"""Calibration: the scales by which a float policy is seen as integers, chosen once on visited states."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ExportError
from ganglion.models.layers import KINDS, Layer
from ganglion.models.nets.entry import entry_module
from ganglion.models.quant.csd import ANY_DIGITS
from ganglion.models.quant.quantizers import best_exponent, fake_quantize, quantize_weight
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import PIXEL_EXPONENT, Entry, Normalizer, Pixels
from ganglion.models.spec.types import IntType, QuantConfig

NO_WEIGHTS = (torch.zeros(0), torch.zeros(0))
"""Weights and biases of a layer that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """How a float network is seen as integers."""

    __pydantic_config__: ClassVar = STRICT

    normalizer: Entry
    network: NetworkSpec
    csd_digits: int = ANY_DIGITS
    """The most signed digits of a weight."""

    def __post_init__(self) -> None:
        if not 1 <= self.csd_digits <= ANY_DIGITS:
            raise ExportError(f"csd_digits = {self.csd_digits} is outside 1 to {ANY_DIGITS}")


def calibrate(
    modules: Sequence[Any],
    observations: np.ndarray,
    quant: QuantConfig,
    *,
    squashed: bool = True,
    limit: float | None = None,
) -> Quantization:
    """Return the scales of a network with ReLU between `modules`, of the kinds in KINDS, that lose least.

    They minimise the squared error on `observations` [n, obs] float32 (a few thousand visited states), that
    of the last values behind tanh if actions are `squashed` means. limit: see `calibrate_normalizer`.
    Observations [n, frames, rows, columns] are pixels, which have their scale.
    """
    exponent, input_type, frame_stack = 0, IntType(bits=quant.input_bits, signed=True), 1
    if observations.ndim == 4:
        exponent, input_type = PIXEL_EXPONENT, IntType(bits=8, signed=False)
        frame_stack, rows, columns = observations.shape[1:]
        entry: Entry = Pixels(shape=(frame_stack, rows, columns))
    else:
        entry = calibrate_normalizer(observations, quant.input_bits, limit)
    normalized = entry_module(entry, exponent)(torch.from_numpy(observations))
    entering = fake_quantize(normalized, input_type, exponent)
    weights, biases = fold_normalizer(modules, entry)
    layers = _choose_scales(modules, weights, biases, entering, exponent, quant, squashed=squashed)
    network = NetworkSpec(input_type=input_type, layers=layers, frame_stack=frame_stack)
    return Quantization(normalizer=entry, network=network, csd_digits=quant.csd_digits)


def calibrate_normalizer(
    observations: np.ndarray, input_bits: int = 8, limit: float | None = None
) -> Normalizer:
    """Return offsets and power-of-two gains that spread each feature's range over the input type.

    observations: [n, obs] of visited states; the range runs from the 0.1 % to the 99.9 % quantile. limit:
    what the features were clipped to; the type then saturates within it, which makes the clip superfluous.
    """
    input_type = IntType(bits=input_bits, signed=True)
    low, high = np.quantile(observations.astype(np.float64), [0.001, 0.999], axis=0)
    half = np.maximum((high - low) / 2, 1e-3)
    middle = (low + high) / 2
    gain = np.exp2(np.floor(np.log2((input_type.high + 0.5) / half)))
    if limit is not None:
        gain = np.maximum(gain, np.exp2(np.ceil(np.log2((input_type.high - input_type.low) / (2 * limit)))))
        middle = np.clip(middle, -limit - input_type.low / gain, limit - input_type.high / gain)
    offset = np.round(middle * gain) / gain
    return Normalizer(
        features=tuple(range(observations.shape[1])),
        offset=tuple(offset.tolist()),
        gain=tuple(gain.tolist()),
    )


def fold_normalizer(
    modules: Sequence[Any], normalizer: Entry, exponent: int = 0
) -> tuple[list[Tensor], list[Tensor]]:
    """Return weights and biases that act behind `Normalize` as `modules`, the first dense, do without.

    Those that read pixels are behind their scale already.
    """
    held = [(m.weight.detach(), m.bias.detach()) if hasattr(m, "weight") else NO_WEIGHTS for m in modules]
    weights, biases = ([values.clone() for values in side] for side in zip(*held, strict=True))
    if isinstance(normalizer, Pixels):
        return weights, biases
    first = weights[0][:, list(normalizer.features)]
    biases[0] += first @ torch.tensor(normalizer.offset)
    weights[0] = first / torch.tensor(normalizer.gain) / 2.0**exponent
    return weights, biases


@torch.no_grad()
def _choose_scales(
    modules: Sequence[Any],
    weights: list[Tensor],
    biases: list[Tensor],
    current: Tensor,
    exponent: int,
    quant: QuantConfig,
    *,
    squashed: bool,
) -> tuple[Layer, ...]:
    """Choose every scale layer by layer, each on the quantized activations of the one before.

    current: what enters the first, at a scale of 2**exponent.
    """
    weight_type = IntType(bits=quant.weight_bits, signed=True)
    on_grid = functools.partial(quantize_weight, csd_digits=quant.csd_digits)
    layers: list[Layer] = []
    for index, (module, weight, bias) in enumerate(zip(modules, weights, biases, strict=True)):
        last = index == len(weights) - 1
        alive = weight[weight != 0] if bool(weight.any()) else weight
        weight_exponent = best_exponent(alive, weight_type, on_grid) if weight.numel() else 0
        layer = layer_of(
            module,
            tuple(current.shape[1:]),
            name=f"{'conv' if isinstance(module, nn.Conv2d) else 'fc'}{index + 1}",
            weight_type=weight_type,
            output_type=IntType(bits=quant.output_bits if last else quant.activation_bits, signed=last),
            input_exponent=exponent,
            weight_exponent=weight_exponent,
            output_exponent=exponent + weight_exponent,
        )
        acc = layer.functional(current, on_grid(weight, weight_type, weight_exponent), bias)
        before, through = (acc, torch.tanh if squashed else _same) if last else (torch.relu(acc), torch.relu)
        output_exponent = best_exponent(before, layer.output_type, through=through)
        exponent = max(output_exponent, layer.accumulator_exponent)
        layers.append(replace(layer, output_exponent=exponent))
        current = fake_quantize(acc, layer.output_type, exponent)
    return tuple(layers)


def _same(values: Tensor) -> Tensor:
    return values


def layer_of(module: nn.Module, in_shape: tuple[int, ...], **scales: Any) -> Layer:
    """Return the layer that a module of torch.nn is, which reads `in_shape`; ExportError if of no kind."""
    for kind in KINDS.values():
        if isinstance(module, getattr(nn, kind.torch_module)):
            return kind(**kind.geometry_of(module, in_shape), **scales)
    raise ExportError(f"{type(module).__name__} is no layer here; known: {', '.join(KINDS)}")
