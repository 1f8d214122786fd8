"""PTDQ: post-training dynamic quantization, as torch.ao's int8 kernels do it."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ganglion.models.build.errors import ExportError
from ganglion.models.nets.float_network import float_network
from ganglion.models.quant.schemes import UNSUPPORTED


class DynamicNetwork(nn.Module):
    """Dense layers with ReLU between: int8 weights, each vector of activations on its own range.

    The float layers stay as they are. torch.ao takes one range for a whole batch, so vectors go through one
    at a time.
    """

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch announces that torch.ao.quantization will move
            self.network = torch.ao.quantization.quantize_dynamic(
                float_network(layers), {nn.Linear}, dtype=torch.qint8
            )

    def forward(self, obs: Tensor) -> Tensor:
        """Return the mean action before tanh: [batch, obs] float32 → [batch, act] float32."""
        return torch.cat([self.network(vector) for vector in obs.float().split(1)])

    def to_integers(self) -> None:
        """Raise ExportError: there are no fixed scales."""
        raise ExportError(UNSUPPORTED)
