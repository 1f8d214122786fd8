"""A quantized policy to play with: its integers rounded once, in plain float32 arithmetic."""

import torch
from torch import Tensor, nn

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
        self._parameters_f32 = [
            (
                torch.from_numpy(weight).float() * 2.0**layer.weight_exponent,
                torch.from_numpy(bias).float() * 2.0**layer.accumulator_exponent,
            )
            for layer, weight, bias in zip(network.spec.layers, network.weights, network.biases, strict=True)
        ]

    @torch.no_grad()
    def forward(self, obs: Tensor) -> Tensor:
        """Return the output before any head: [batch, *obs] float32 → [batch, out] float32."""
        spec = self._spec
        found = [fake_quantize(self._entry(obs.flatten(1)), spec.input_type, spec.exponent(0))]
        for index, (layer, (weight, bias)) in enumerate(zip(spec.layers, self._parameters_f32, strict=True)):
            acc = layer.functional(layer.entering(found[spec.source(index)]), weight, bias)
            if (residual := spec.residual(index)) is not None:
                acc += found[residual]
            found.append(fake_quantize(acc, layer.output_type, layer.output_exponent))
        return found[-1].flatten(1)
