"""A network seen through the fixed-point scheme, with a gradient: what quantization-aware training runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganglion.models.layers import Conv2d, Layer
from ganglion.models.nets.architecture import Parameters, parameters_of
from ganglion.models.nets.float_network import Weighted
from ganglion.models.quant.calibration import Quantization
from ganglion.models.quant.quantizers import BIAS_TYPE, fake_quantize, quantize_weight
from ganglion.models.spec.policy import Pixels
from ganglion.models.spec.types import IntType


class FixedPointNetwork:
    """`QuantNetwork`'s forward pass, bit for bit, as a differentiable function of float `modules`.

    Rounding has the straight-through gradient (Bengio et al. 2013, arXiv:1308.3432), saturation none. The
    modules, those with weights, stay those of the float network, so that the optimizer's step means what it
    meant before; a dense first one has the units of raw observations. bfloat16: whether gradients are
    multiplied in it, which holds weights and activations of 8 bits exactly; the forward pass stays float32.
    """

    def __init__(
        self, modules: Sequence[Weighted], quantization: Quantization, *, bfloat16: bool = False
    ) -> None:
        self._modules, self._spec = list(modules), quantization.network
        self._csd_digits = quantization.csd_digits
        entry = quantization.normalizer
        self._bfloat16 = bfloat16
        self._reads_pixels = isinstance(entry, Pixels)
        self._offset = torch.tensor((0.0,) if isinstance(entry, Pixels) else entry.offset)
        self._gain = torch.tensor((1.0,) if isinstance(entry, Pixels) else entry.gain)

    def __call__(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Return what enters the last layer [batch, hidden] and leaves it [batch, output], float32.

        observation: [batch, *observation], raw: float32, or uint8 of pixels.
        """
        spec = self._spec
        found = [self._entering(observation)]
        entering = found[0]
        for index, (layer, (weight, bias)) in enumerate(zip(spec.layers, self._parameters(), strict=True)):
            entering = layer.entering(found[spec.source(index)])
            if index == 0 and not self._reads_pixels:
                bias = bias + weight @ self._offset
                weight = weight / self._gain
            on_grid = quantize_weight(
                weight.detach(), layer.weight_type, layer.weight_exponent, self._csd_digits
            )
            acc = self._product(
                layer,
                entering,
                _straight_through(weight, on_grid),
                _straight_through(bias, fake_quantize(bias.detach(), BIAS_TYPE, layer.accumulator_exponent)),
            )
            if (residual := spec.residual(index)) is not None:
                acc = acc + found[residual]
            found.append(_activation(acc, layer.output_type, layer.output_exponent))
        return entering.flatten(1), found[-1]

    def _entering(self, observation: Tensor) -> Tensor:
        exponent = self._spec.exponent(0)
        if observation.dtype == torch.uint8:  # integers of the input type as they are
            return observation.float().mul_(2.0**exponent)
        normalized = (observation - self._offset) * self._gain * 2.0**exponent
        return fake_quantize(normalized, self._spec.input_type, exponent)

    def _product(self, layer: Layer, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return the accumulators in float32, exactly, with the gradient of their product in bfloat16."""
        if not (self._bfloat16 and layer.has_weights and torch.is_grad_enabled()):
            return layer.functional(x, weight, bias)
        if isinstance(layer, Conv2d):
            return _Convolution.apply(x, weight, bias, layer)  # type: ignore[no-any-return]
        with torch.no_grad():
            exact = layer.functional(x, weight, bias)
        return _straight_through(layer.functional(x.bfloat16(), weight.bfloat16(), bias.bfloat16()), exact)

    def _parameters(self) -> Parameters:
        return parameters_of(self._spec, self._modules)

    @torch.no_grad()
    def clamp(self) -> None:
        """Keep the weights within the range of their type: one that reaches its end stays there."""
        for index, (layer, (weight, _)) in enumerate(zip(self._spec.layers, self._parameters(), strict=True)):
            limit = layer.weight_type.high * 2.0**layer.weight_exponent
            if index == 0 and not self._reads_pixels:
                weight.clamp_(-limit * self._gain, limit * self._gain)
            else:
                weight.clamp_(-limit, limit)


def _straight_through(x: Tensor, rounded: Tensor) -> Tensor:
    """Return `rounded`, exactly, with the gradient of x."""
    return _Replace.apply(x, rounded)  # type: ignore[no-any-return]


def _activation(acc: Tensor, int_type: IntType, exponent: int) -> Tensor:
    """Return accumulators on the grid of an activation, with no gradient where they saturate."""
    return _Activation.apply(acc, int_type, exponent)  # type: ignore[no-any-return]


class _Activation(torch.autograd.Function):
    """`fake_quantize`, whose gradient passes between the ends of the type's range."""

    @staticmethod
    def forward(ctx: Any, acc: Tensor, int_type: IntType, exponent: int) -> Tensor:
        ctx.save_for_backward(acc)
        # At the foot of a ReLU the gradient is zero, as that of relu at 0; hardtanh's is at both of its ends.
        foot = np.nextafter(np.float32(int_type.low - 0.5), np.float32(-np.inf)) if int_type.signed else 0.0
        ctx.ends = float(foot) * 2.0**exponent, (int_type.high + 0.5) * 2.0**exponent
        return fake_quantize(acc, int_type, exponent)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (acc,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradient, acc, *ctx.ends), None, None


class _Convolution(torch.autograd.Function):
    """A convolution in float32, whose gradients are computed in bfloat16."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, layer: Conv2d) -> Tensor:
        ctx.save_for_backward(x.bfloat16(), weight.bfloat16())
        ctx.window = [layer.stride] * 2, [layer.padding] * 2
        return layer.functional(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        x, weight = ctx.saved_tensors
        rest = ([1, 1], False, [0, 0], 1, list(ctx.needs_input_grad[:3]))
        found = torch.ops.aten.convolution_backward(
            gradient.bfloat16(), x, weight, [len(weight)], *ctx.window, *rest
        )
        return *(None if each is None else each.float() for each in found), None


class _Replace(torch.autograd.Function):
    """The second tensor, whose gradient goes to the first."""

    @staticmethod
    def forward(ctx: object, x: Tensor, instead: Tensor) -> Tensor:
        return instead

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return gradient, None
