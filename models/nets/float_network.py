"""The float network that a policy starts from: convolutions and dense layers, ReLU between, or a ResNet."""

from collections.abc import Sequence

from torch import Tensor, nn

from ganglion.models.nets.architecture import boundaries, parameters_of
from ganglion.models.nets.entry import Scale
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import PIXEL_EXPONENT

Weighted = nn.Linear | nn.Conv2d
"""A layer with weights, outputs first, and biases."""


def float_network(layers: Sequence[Weighted], architecture: NetworkSpec | None = None) -> nn.Sequential:
    """Return these very layers as one network: [batch, *obs] → [batch, out] of the last one.

    A first convolution reads pixels. architecture: how they are connected; None: with ReLU between them, the
    first dense layer reading what comes before it in C order.
    """
    parts: list[nn.Module] = [Scale(PIXEL_EXPONENT)] if isinstance(layers[0], nn.Conv2d) else []
    if architecture is not None:
        return nn.Sequential(*parts, _Connected(layers, architecture))
    for before, layer in zip((None, *layers), layers, strict=False):
        parts += [] if before is None else [nn.ReLU()]
        parts += [nn.Flatten()] if isinstance(layer, nn.Linear) and isinstance(before, nn.Conv2d) else []
        parts.append(layer)
    return nn.Sequential(*parts)


class _Connected(nn.Module):
    """Layers connected as an architecture says."""

    def __init__(self, layers: Sequence[Weighted], architecture: NetworkSpec) -> None:
        super().__init__()
        self.layers, self._architecture = nn.ModuleList(layers), architecture

    def forward(self, x: Tensor) -> Tensor:
        parameters = parameters_of(self._architecture, list(self.layers))
        return boundaries(self._architecture, parameters, x)[-1]
