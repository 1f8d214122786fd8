"""How the layers of a float network are connected: a NetworkSpec whose scales are all one."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganglion.models.build.errors import ExportError
from ganglion.models.layers import KINDS, Conv2d, Dense, Layer, MaxPool2d
from ganglion.models.layers.layer import Shape
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType

Parameters = Sequence[tuple[Tensor, Tensor]]
"""Weights and biases of every layer, empty for one that has none."""

NO_WEIGHTS = (torch.zeros(0), torch.zeros(0))
"""Weights and biases of a layer that has none."""
INT8, UINT8 = IntType(bits=8, signed=True), IntType(bits=8, signed=False)
UNSCALED: dict[str, Any] = {"input_exponent": 0, "weight_exponent": 0, "output_exponent": 0}
"""Scales of a layer that has none yet."""


def layer_of(module: nn.Module, in_shape: Shape, **scales: Any) -> Layer:
    """Return the layer that a module of torch.nn is, which reads `in_shape`; ExportError if of no kind."""
    for kind in KINDS.values():
        if isinstance(module, getattr(nn, kind.torch_module)):
            return kind(**kind.geometry_of(module, in_shape), **scales)
    raise ExportError(f"{type(module).__name__} is no layer here; known: {', '.join(KINDS)}")


def chain(modules: Sequence[Any], in_shape: Shape) -> NetworkSpec:
    """Return modules of torch.nn one after the other with ReLU between, over inputs without the batch."""
    layers: list[Layer] = []
    for number, module in enumerate(modules, 1):
        layer = layer_of(
            module,
            layers[-1].out_shape if layers else in_shape,
            name=f"{'conv' if isinstance(module, nn.Conv2d) else 'fc'}{number}",
            weight_type=INT8,
            output_type=INT8 if number == len(modules) else UINT8,
            **UNSCALED,
        )
        layers.append(layer)
    return NetworkSpec(input_type=INT8, layers=tuple(layers))


def impala_resnet(shape: Shape, channels: Sequence[int], widths: Sequence[int]) -> NetworkSpec:
    """Return the residual network of Espeholt et al. 2018 (IMPALA) over maps [channels, height, width].

    A stack for each of `channels`: a convolution, a max-pooling by 2, and two blocks of two convolutions that
    read through a ReLU and are added to what entered the block. Then dense layers of these widths. The last
    block's ReLU is its own, since nobody reads its values before it.
    """
    layers: list[Layer] = []
    number = 0

    def conv(out_channels: int, output_type: IntType, **wiring: Any) -> None:
        nonlocal number
        number += 1
        n_in, height, width = layers[-1].out_shape if layers else shape
        sizes: dict[str, Any] = {
            "in_channels": n_in,
            "out_channels": out_channels,
            "height": height,
            "width": width,
        }
        sizes |= {"kernel": 3, "padding": 1}
        types: dict[str, Any] = {"weight_type": INT8, "output_type": output_type}
        layers.append(Conv2d(name=f"conv{number}", **sizes, **types, **UNSCALED, **wiring))

    for stack, n_channels in enumerate(channels, 1):
        conv(n_channels, INT8)
        n_channels, height, width = layers[-1].out_shape
        sizes: dict[str, Any] = {"channels": n_channels, "height": height, "width": width}
        sizes |= {"kernel": 3, "stride": 2, "padding": 1}
        layers.append(MaxPool2d(name=f"pool{stack}", output_type=INT8, **sizes, **UNSCALED))
        for block in (1, 2):
            entered, is_last = layers[-1].name, block == 2 and stack == len(channels)
            conv(n_channels, UINT8, pre_relu=True)
            conv(n_channels, UINT8 if is_last else INT8, residual=entered)
    return NetworkSpec(input_type=UINT8, layers=(*layers, *dense_chain(layers[-1].n_outputs, widths)))


def dense_chain(n_in: int, widths: Sequence[int]) -> list[Layer]:
    """Return dense layers fc1, fc2, ... of these widths, with ReLU between."""
    layers: list[Layer] = []
    for index, n_out in enumerate(widths, 1):
        types = {"weight_type": INT8, "output_type": INT8 if index == len(widths) else UINT8}
        layers.append(Dense(name=f"fc{index}", in_features=n_in, out_features=n_out, **types, **UNSCALED))
        n_in = n_out
    return layers


def parameters_of(architecture: NetworkSpec, modules: Sequence[Any]) -> Parameters:
    """Return the parameters of modules that are the layers with weights, in their order."""
    held = iter([(module.weight, module.bias) for module in modules if hasattr(module, "weight")])
    return [next(held) if layer.has_weights else NO_WEIGHTS for layer in architecture.layers]


def float_parameters(network: IntNetwork) -> Parameters:
    """Return what the integers of a network stand for, in float32."""
    return [
        (
            torch.from_numpy(weight).float() * 2.0**layer.weight_exponent,
            torch.from_numpy(bias).float() * 2.0**layer.accumulator_exponent,
        )
        for layer, weight, bias in zip(network.spec.layers, network.weights, network.biases, strict=True)
    ]


def rectified(layer: Layer, acc: Tensor) -> Tensor:
    """Return a layer's values before any scales: what an unsigned type will hold passes a ReLU."""
    return acc if layer.output_type.signed else torch.relu(acc)


def boundaries(
    architecture: NetworkSpec,
    parameters: Parameters,
    x: Tensor,
    activation: Callable[[Layer, Tensor], Tensor] = rectified,
) -> list[Tensor]:
    """Return real numbers at every boundary: [batch, *in] → list of [batch, *out], x the first.

    activation: what becomes of a layer's accumulators.
    """
    found = [x]
    for index, (layer, (weight, bias)) in enumerate(zip(architecture.layers, parameters, strict=True)):
        acc = layer.functional(layer.entering(found[architecture.source(index)]), weight, bias)
        if (residual := architecture.residual(index)) is not None:
            acc = acc + found[residual]
        found.append(activation(layer, acc))
    return found


def skips(architecture: NetworkSpec) -> list[int | None]:
    """Return, for each layer with weights, the one before whose channels are added to its own, if any."""
    made_by: list[int | None] = [None]
    found: list[int | None] = []
    for index, layer in enumerate(architecture.layers):
        if layer.has_weights:
            residual = architecture.residual(index)
            found.append(None if residual is None else made_by[residual])
            made_by.append(len(found) - 1)
        else:
            made_by.append(made_by[architecture.source(index)])
    return found
