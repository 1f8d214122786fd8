"""A quantized policy to play with: its integers rounded once, in plain float32 arithmetic."""

import torch
from torch import Tensor, nn

from ganglion.models.layers import Layer
from ganglion.models.nets.architecture import boundaries, float_parameters
from ganglion.models.nets.entry import entry_module
from ganglion.models.quant.quantizers import fake_quantize
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.policy import Entry


class InferenceNetwork(nn.Module):
    """What `QuantNetwork` computes, bit for bit, without rounding every weight in every call.

    float32 is exact: IntNetwork proves that no sum reaches 2^24, and all scales are powers of two.
    """

    def __init__(self, normalizer: Entry, network: IntNetwork) -> None:
        super().__init__()
        self._spec = network.spec
        self._entry = entry_module(normalizer, network.spec.exponent(0))
        self._parameters_f32 = float_parameters(network)

    @torch.no_grad()
    def forward(self, obs: Tensor) -> Tensor:
        """Return the output before any head: [batch, *obs] float32 → [batch, out] float32."""
        spec = self._spec
        entering = fake_quantize(self._entry(obs.flatten(1)), spec.input_type, spec.exponent(0))
        return boundaries(spec, self._parameters_f32, entering, _rounded)[-1].flatten(1)


def _rounded(layer: Layer, acc: Tensor) -> Tensor:
    return fake_quantize(acc, layer.output_type, layer.output_exponent)
