"""The float network that a policy starts from: dense layers with ReLU between."""

from collections.abc import Sequence

from torch import nn


def float_network(layers: Sequence[nn.Module]) -> nn.Sequential:
    """Return these very layers as one network: [batch, obs] → [batch, out] of the last one."""
    parts = [part for layer in layers for part in (layer, nn.ReLU())]
    return nn.Sequential(*parts[:-1])
