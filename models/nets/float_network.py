"""The float network that a policy starts from: convolutions and dense layers with ReLU between."""

from collections.abc import Sequence

from torch import nn

from ganglion.models.nets.entry import Scale
from ganglion.models.spec.policy import PIXEL_EXPONENT

Weighted = nn.Linear | nn.Conv2d
"""A layer with weights, outputs first, and biases."""


def float_network(layers: Sequence[Weighted]) -> nn.Sequential:
    """Return these very layers as one network: [batch, *obs] → [batch, out] of the last one.

    A first convolution reads pixels; the first dense layer what comes before it in C order.
    """
    parts: list[nn.Module] = [Scale(PIXEL_EXPONENT)] if isinstance(layers[0], nn.Conv2d) else []
    for before, layer in zip((None, *layers), layers, strict=False):
        parts += [] if before is None else [nn.ReLU()]
        parts += [nn.Flatten()] if isinstance(layer, nn.Linear) and isinstance(before, nn.Conv2d) else []
        parts.append(layer)
    return nn.Sequential(*parts)
