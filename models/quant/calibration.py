"""Calibration: the scales by which a float policy is seen as integers, chosen once on visited states."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ExportError
from ganglion.models.layers import Layer
from ganglion.models.nets.architecture import Parameters, chain, parameters_of
from ganglion.models.nets.entry import entry_module
from ganglion.models.quant.csd import ANY_DIGITS
from ganglion.models.quant.quantizers import best_exponent, fake_quantize, quantize_weight
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import PIXEL_EXPONENT, Entry, Normalizer, Pixels
from ganglion.models.spec.types import IntType, QuantConfig

MAX_SKIP_SHIFT = 6
"""By how many bits a residual is at most shifted onto the accumulator: 2^6 is one more int8 weight."""


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
    architecture: NetworkSpec | None = None,
) -> Quantization:
    """Return the scales of a network of `modules`, of the kinds in KINDS, that lose least.

    They minimise the squared error on `observations` [n, obs] float32 (a few thousand visited states), that
    of the last values behind tanh if actions are `squashed` means. limit: see `calibrate_normalizer`.
    Observations [n, frames, rows, columns] are pixels, which have their scale. architecture: how the modules
    with weights are connected; None: one after the other with ReLU between.
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
    architecture = architecture or chain(modules, tuple(entering.shape[1:]))
    parameters = fold_normalizer(parameters_of(architecture, modules), entry)
    layers = _choose_scales(architecture, parameters, entering, exponent, quant, squashed=squashed)
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


def fold_normalizer(parameters: Parameters, normalizer: Entry, exponent: int = 0) -> Parameters:
    """Return parameters that act behind `Normalize` as `parameters`, the first dense, do without.

    Those that read pixels are behind their scale already.
    """
    folded = [(weight.detach().clone(), bias.detach().clone()) for weight, bias in parameters]
    if isinstance(normalizer, Pixels):
        return folded
    weight, bias = folded[0]
    first = weight[:, list(normalizer.features)]
    bias += first @ torch.tensor(normalizer.offset)
    folded[0] = first / torch.tensor(normalizer.gain) / 2.0**exponent, bias
    return folded


@torch.no_grad()
def _choose_scales(
    architecture: NetworkSpec,
    parameters: Parameters,
    entering: Tensor,
    exponent: int,
    quant: QuantConfig,
    *,
    squashed: bool,
) -> tuple[Layer, ...]:
    """Choose every scale layer by layer, each on the quantized activations of those before.

    entering: what enters the first, at a scale of 2**exponent.
    """
    weight_type = IntType(bits=quant.weight_bits, signed=True)
    on_grid = functools.partial(quantize_weight, csd_digits=quant.csd_digits)
    found, exponents, layers = [entering], [exponent], []
    for index, (layer, (weight, bias)) in enumerate(zip(architecture.layers, parameters, strict=True)):
        source, residual = architecture.source(index), architecture.residual(index)
        last = index == len(parameters) - 1
        scales: dict[str, Any] = {"input_exponent": exponents[source], "weight_exponent": 0}
        if layer.has_weights:
            alive = weight[weight != 0] if bool(weight.any()) else weight
            best = best_exponent(alive, weight_type, on_grid)
            if residual is not None:
                most = exponents[residual] - exponents[source]
                best = min(max(best, most - MAX_SKIP_SHIFT), most)
            weight = on_grid(weight, weight_type, best)
            scales |= {"weight_exponent": best, "weight_type": weight_type}
        acc = layer.functional(layer.entering(found[source]), weight, bias)
        acc = acc if residual is None else acc + found[residual]
        signed = layer.output_type.signed
        output_type = IntType(bits=quant.output_bits if last else quant.activation_bits, signed=signed)
        finest = exponents[source] + scales["weight_exponent"]
        output_exponent = finest
        if layer.has_weights:
            before = acc if signed else torch.relu(acc)
            behind: dict[str, Any] = {"through": torch.tanh} if squashed and last else {}
            output_exponent = max(best_exponent(before, output_type, **behind), finest)
        scales |= {"output_type": output_type, "output_exponent": output_exponent}
        layers.append(replace(layer, **scales))
        found.append(fake_quantize(acc, output_type, output_exponent))
        exponents.append(output_exponent)
    return tuple(layers)
