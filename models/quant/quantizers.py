"""The fixed-point scheme as Brevitas quantizers: constant power-of-two scales, rounding half up, saturating.

Scales are constants chosen once, at calibration (`best_exponent`): a learned scale would be restricted to
powers of two at every step anyway, and a constant one costs nothing in the training loop.
"""

import functools
from collections.abc import Callable
from typing import Any

import brevitas.nn as qnn
import torch
from brevitas.function.ops_ste import floor_ste
from brevitas.inject.enum import ScalingImplType
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int8BiasPerTensorFixedPointInternalScaling,
    Int8WeightPerTensorFixedPoint,
    Uint8ActPerTensorFixedPoint,
)
from torch import Tensor, nn

from ganglion.models.layers import Layer
from ganglion.models.quant.csd import ANY_DIGITS, nearest_with_digits
from ganglion.models.spec.types import BIAS_TYPE, IntType


class RoundHalfUp(nn.Module):
    """`floor(x + 0.5)` with a straight-through gradient: what an adder and a shift do in hardware."""

    # Brevitas' dependency injector needs an explicit constructor without arguments.
    def __init__(self) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """Return x rounded, ties up: any shape → same shape."""
        return floor_ste(x + 0.5)


def _fixed_point(base: type, int_type: IntType, exponent: int) -> type:
    """Return quantizer `base` with scale 2**exponent, which Brevitas derives from the range above zero."""
    return base.let(
        scaling_impl_type=ScalingImplType.CONST,
        scaling_init=2.0 ** (exponent + int_type.bits - int_type.signed),
        bit_width=int_type.bits,
        float_to_int_impl=RoundHalfUp,
    )


def quant_activation(int_type: IntType, exponent: int) -> nn.Module:
    """Return the activation module: a QuantReLU for an unsigned type, a QuantIdentity for a signed one."""
    if int_type.signed:
        quantizer = _fixed_point(Int8ActPerTensorFixedPoint, int_type, exponent)
        return qnn.QuantIdentity(act_quant=quantizer, return_quant_tensor=False)
    quantizer = _fixed_point(Uint8ActPerTensorFixedPoint, int_type, exponent)
    return qnn.QuantReLU(act_quant=quantizer, return_quant_tensor=False)


def layer_quantizers(layer: Layer) -> dict[str, Any]:
    """Return a Brevitas layer's arguments: narrow-range weights, and a bias on the accumulator's grid."""
    return {
        "bias": True,
        "weight_quant": _fixed_point(Int8WeightPerTensorFixedPoint, layer.weight_type, layer.weight_exponent),
        "bias_quant": _fixed_point(
            Int8BiasPerTensorFixedPointInternalScaling, BIAS_TYPE, layer.accumulator_exponent
        ),
        "return_quant_tensor": False,
    }


def fake_quantize(x: Tensor, int_type: IntType, exponent: int) -> Tensor:
    """Return x on the grid of `int_type` with scale 2**exponent: any shape → same shape, float32."""
    return _on_grid(x, int_type.low, int_type.high, exponent).mul_(2.0**exponent)


def quantize_weight(x: Tensor, int_type: IntType, exponent: int, csd_digits: int = ANY_DIGITS) -> Tensor:
    """Return weights x on the narrow grid of `int_type`: any shape → same shape, float32.

    Rounded integers go on to the nearest of at most `csd_digits` signed digits.
    """
    integers = _on_grid(x, -int_type.high, int_type.high, exponent)
    if csd_digits < ANY_DIGITS:
        integers = _few_digits(int_type.high, csd_digits)[(integers + int_type.high).long()]
    return integers.mul_(2.0**exponent)


def _on_grid(x: Tensor, low: int, high: int, exponent: int) -> Tensor:
    # In place after the first product: fresh memory costs more than arithmetic.
    return (x * 2.0**-exponent).add_(0.5).floor_().clamp_(low, high)


@functools.cache
def _few_digits(high: int, digits: int) -> Tensor:
    return torch.from_numpy(nearest_with_digits(high, digits)).float()


def best_exponent(
    x: Tensor,
    int_type: IntType,
    quantize: Callable[[Tensor, IntType, int], Tensor] = fake_quantize,
    through: Callable[[Tensor], Tensor] = lambda t: t,
) -> int:
    """Return the scale exponent of least squared error on samples `x`, measured after `through`.

    Candidates run from the finest grid that holds every sample to one 16 times finer (clipping outliers).
    """
    extreme = max(float(x.abs().max()), 2.0**-20)
    covering = int(torch.tensor(extreme / int_type.high).log2().ceil())
    wanted = through(x)

    def error(exponent: int) -> float:
        return float((through(quantize(x, int_type, exponent)) - wanted).square().mean())

    return min((covering - finer for finer in range(5)), key=error)
