"""The sparse quantized MLP actor: Brevitas layers between the observation normalizer and the mean action."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import torch
from torch import Tensor, nn

from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_arrays, read_json, write_arrays, write_json
from ganglion.models.quant.calibration import Normalize, Quantization, fold_normalizer
from ganglion.models.quant.csd import ANY_DIGITS
from ganglion.models.quant.quantizers import quant_activation, quant_linear, quantize_weight
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Normalizer


class QuantMlp(nn.Module):
    """A policy's mean as Brevitas modules, `head(body(obs))`: exact integers times powers of two.

    `body` maps raw observations [batch, obs] to the last hidden activations, `head` those to the quantized
    mean [batch, act]; `linears` are the layers whose weights are pruned.
    """

    def __init__(self, normalizer: Normalizer, spec: NetworkSpec) -> None:
        super().__init__()
        self.normalizer, self.spec = normalizer, spec
        self.linears: list[qnn.QuantLinear] = [quant_linear(layer) for layer in spec.layers]
        outputs = [quant_activation(layer.output_type, layer.output_exponent) for layer in spec.layers]
        stages = [nn.Sequential(*pair) for pair in zip(self.linears, outputs, strict=True)]
        first = quant_activation(spec.input_type, spec.layers[0].input_exponent)
        self.body = nn.Sequential(Normalize(normalizer), first, *stages[:-1])
        self.head = stages[-1]

    def forward(self, obs: Tensor) -> Tensor:
        """Return the mean action before tanh: [batch, obs] float32 → [batch, act] float32."""
        return self.head(self.body(obs))

    @property
    def core(self) -> nn.Sequential:
        """The network behind the normalizer, input quantizer first: what is exported and put on chip."""
        return nn.Sequential(*list(self.body)[1:], self.head)

    @classmethod
    def from_float(cls, linears: Sequence[nn.Linear], quantization: Quantization) -> "QuantMlp":
        """Return the policy of an MLP with ReLU between `linears`, for raw observations, on these grids.

        The normalizer's inverse is folded into the first layer. A limit on the weights' digits puts them on
        their grid here: Brevitas then rounds nothing.
        """
        policy = cls(quantization.normalizer, quantization.network)
        weights, biases = fold_normalizer(linears, quantization.normalizer)
        if quantization.csd_digits < ANY_DIGITS:
            weights = [
                quantize_weight(weight, layer.weight_type, layer.weight_exponent, quantization.csd_digits)
                for weight, layer in zip(weights, policy.spec.layers, strict=True)
            ]
        policy._load(weights, biases)
        return policy

    @classmethod
    def from_integers(cls, normalizer: Normalizer, network: IntNetwork) -> "QuantMlp":
        """Return the policy whose Brevitas layers hold exactly the integers of `network`."""
        policy = cls(normalizer, network.spec)
        weights, biases = [], []
        for layer, weight, bias in zip(network.spec.layers, network.weights, network.biases, strict=True):
            weights.append(torch.from_numpy(weight).float() * 2.0**layer.weight_exponent)
            biases.append(torch.from_numpy(bias).float() * 2.0**layer.accumulator_exponent)
        policy._load(weights, biases)
        return policy

    def _load(self, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> None:
        with torch.no_grad():
            for linear, weight, bias in zip(self.linears, weights, biases, strict=True):
                linear.weight.copy_(weight)
                linear.bias.copy_(bias)

    @torch.no_grad()
    def to_integers(self) -> IntNetwork:
        """Return the Brevitas layers' integers, which IntNetwork's constructor proves exact in float32."""
        weights, biases = [], []
        for layer, linear in zip(self.spec.layers, self.linears, strict=True):
            weights.append(_integers(layer.name, linear.quant_weight().value, layer.weight_exponent))
            bias = linear.quant_bias()
            assert bias is not None
            biases.append(_integers(layer.name, bias.value, layer.accumulator_exponent))
        return IntNetwork(spec=self.spec, weights=tuple(weights), biases=tuple(biases))

    def save(self, folder: Path) -> None:
        """Write actor.npz (float weights and biases) and actor.json (normalizer and network)."""
        arrays = {}
        for layer, linear in zip(self.spec.layers, self.linears, strict=True):
            arrays[f"{layer.name}.weight"] = linear.weight.detach().numpy()
            arrays[f"{layer.name}.bias"] = linear.bias.detach().numpy()
        write_arrays(folder / "actor.npz", arrays)
        write_json(
            folder / "actor.json",
            {"normalizer": asdict(self.normalizer), "network": self.spec.to_json()},
        )

    @classmethod
    def load(cls, folder: Path) -> "QuantMlp":
        """Return the policy that `save` wrote; a missing or damaged file raises ExportError."""
        described = read_json(folder / "actor.json")
        normalizer = Normalizer.from_json(described["normalizer"])
        policy = cls(normalizer, NetworkSpec.from_json(described["network"]))
        arrays = read_arrays(folder / "actor.npz")
        names = [layer.name for layer in policy.spec.layers]
        missing = [f"{n}.{part}" for n in names for part in ("weight", "bias") if f"{n}.{part}" not in arrays]
        if missing:
            raise ExportError(f"{folder / 'actor.npz'}: missing {', '.join(missing)}")
        policy._load(
            [torch.from_numpy(arrays[f"{n}.weight"]) for n in names],
            [torch.from_numpy(arrays[f"{n}.bias"]) for n in names],
        )
        return policy


def _integers(name: str, value: Tensor, exponent: int) -> np.ndarray:
    """Return value / 2**exponent as int64; raises ExportError unless every quotient is a whole number."""
    quotient = torch.ldexp(value.double(), torch.tensor(-exponent))
    if not bool((quotient == quotient.round()).all()):
        raise ExportError(f"{name}: values are not multiples of 2^{exponent}")
    return quotient.to(torch.int64).numpy()
