"""The float network that a policy starts from: convolutions and dense layers with ReLU between."""

from collections.abc import Sequence

from torch import Tensor, nn

Weighted = nn.Linear | nn.Conv2d
"""A layer with weights, outputs first, and biases."""

PIXEL_EXPONENT = -8
"""log2 of the scale at which a convolution reads pixels of 0 to 255."""


class Pixels(nn.Module):
    """Pixels of 0 to 255 as fractions of 256, in any shape."""

    def forward(self, pixels: Tensor) -> Tensor:
        """Return them at their scale."""
        return pixels * 2.0**PIXEL_EXPONENT


def float_network(layers: Sequence[Weighted]) -> nn.Sequential:
    """Return these very layers as one network: [batch, *obs] → [batch, out] of the last one.

    A first convolution reads pixels; the first dense layer what comes before it in C order.
    """
    parts: list[nn.Module] = [Pixels()] if isinstance(layers[0], nn.Conv2d) else []
    for before, layer in zip((None, *layers), layers, strict=False):
        parts += [] if before is None else [nn.ReLU()]
        parts += [nn.Flatten()] if isinstance(layer, nn.Linear) and isinstance(before, nn.Conv2d) else []
        parts.append(layer)
    return nn.Sequential(*parts)
