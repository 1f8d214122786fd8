"""The sparse quantized actor: Brevitas layers between the observation normalizer and the mean action."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganglion.models.build.codec import decode_json, encode_json
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_arrays, write_arrays
from ganglion.models.nets.architecture import NO_WEIGHTS, Parameters, float_parameters, parameters_of
from ganglion.models.nets.entry import entry_module
from ganglion.models.quant.calibration import Quantization, fold_normalizer
from ganglion.models.quant.csd import ANY_DIGITS
from ganglion.models.quant.quantizers import quant_activation, quantize_weight
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Entry

FLOATS_FILE, SCALES_FILE = "actor.npz", "actor.json"


class QuantNetwork(nn.Module):
    """A policy's mean as Brevitas modules: exact integers times powers of two.

    `layers` hold the weights, which are pruned, and `outputs` round what they give.
    """

    def __init__(self, normalizer: Entry, spec: NetworkSpec) -> None:
        super().__init__()
        self.normalizer, self.spec = normalizer, spec
        exponent = spec.exponent(0)
        self.input = nn.Sequential(
            entry_module(normalizer, exponent), quant_activation(spec.input_type, exponent)
        )
        self.layers: Any = nn.ModuleList(layer.module() for layer in spec.layers)
        self.outputs = nn.ModuleList(
            quant_activation(layer.output_type, layer.output_exponent) for layer in spec.layers
        )

    def forward(self, obs: Tensor) -> Tensor:
        """Return the mean action before tanh: [batch, obs] float32 → [batch, act] float32."""
        return self.activations(obs)[-1]

    def start(self, batch: int) -> list[Tensor]:
        """Return what layers were sent at the start of `batch` episodes: zeros [batch, *in] for each."""
        return [torch.zeros(batch, *layer.in_shape) for layer in self.spec.layers]

    def activations(self, obs: Tensor, sent: list[Tensor] | None = None) -> list[Tensor]:
        """Return what every layer gives: [batch, obs] float32 → list of [batch, *out] float32.

        sent: by `start`, what layers were last sent, which goes on; only with it do the thresholds count.
        """
        boundaries = [self.input(obs.flatten(1))]
        for index, (layer, output) in enumerate(zip(self.layers, self.outputs, strict=True)):
            source = self.spec.layers[index].entering(boundaries[self.spec.source(index)])
            if sent is not None:
                threshold = self.spec.threshold(index) * 2.0 ** self.spec.layers[index].input_exponent
                source = torch.where((source - sent[index]).abs() > threshold, source, sent[index])
                sent[index] = source
            acc = layer(source)
            if (residual := self.spec.residual(index)) is not None:
                acc = acc + boundaries[residual]
            boundaries.append(output(acc))
        return boundaries[1:]

    @classmethod
    def from_float(cls, modules: Sequence[nn.Module], quantization: Quantization) -> "QuantNetwork":
        """Return the policy of a network whose layers with weights are `modules`, for raw observations.

        The normalizer's inverse is folded into the first layer. A limit on the weights' digits puts them on
        their grid here: Brevitas then rounds nothing.
        """
        policy = cls(quantization.normalizer, quantization.network)
        parameters = fold_normalizer(
            parameters_of(policy.spec, modules), quantization.normalizer, policy.spec.exponent(0)
        )
        if (digits := quantization.csd_digits) < ANY_DIGITS:
            parameters = [
                (quantize_weight(weight, layer.weight_type, layer.weight_exponent, digits), bias)
                for (weight, bias), layer in zip(parameters, policy.spec.layers, strict=True)
            ]
        policy._load(parameters)
        return policy

    @classmethod
    def from_integers(cls, normalizer: Entry, network: IntNetwork) -> "QuantNetwork":
        """Return the policy whose Brevitas layers hold exactly the integers of `network`."""
        policy = cls(normalizer, network.spec)
        policy._load(float_parameters(network))
        return policy

    def behind(self, normalizer: Entry) -> "QuantNetwork":
        """Return the same integers behind another normalizer."""
        policy = QuantNetwork(normalizer, self.spec)
        policy.layers.load_state_dict(self.layers.state_dict())
        return policy

    def _load(self, parameters: Parameters) -> None:
        with torch.no_grad():
            for spec, layer, (weight, bias) in zip(self.spec.layers, self.layers, parameters, strict=True):
                if spec.has_weights:
                    layer.weight.copy_(weight)
                    layer.bias.copy_(bias)

    @torch.no_grad()
    def to_integers(self) -> IntNetwork:
        """Return the Brevitas layers' integers, which IntNetwork's constructor proves exact in float32."""
        weights, biases = [], []
        for spec, layer in zip(self.spec.layers, self.layers, strict=True):
            held = (layer.quant_weight().value, layer.quant_bias().value) if spec.has_weights else NO_WEIGHTS
            weights.append(_integers(spec.name, held[0], spec.weight_exponent))
            biases.append(_integers(spec.name, held[1], spec.accumulator_exponent))
        return IntNetwork(spec=self.spec, weights=tuple(weights), biases=tuple(biases))

    def save(self, folder: Path) -> None:
        """Write actor.npz (float weights and biases) and actor.json (normalizer and network)."""
        arrays = {}
        for spec, layer in zip(self.spec.layers, self.layers, strict=True):
            weight, bias = (layer.weight, layer.bias) if spec.has_weights else NO_WEIGHTS
            arrays[f"{spec.name}.weight"] = weight.detach().numpy()
            arrays[f"{spec.name}.bias"] = bias.detach().numpy()
        write_arrays(folder / FLOATS_FILE, arrays)
        encode_json(folder / SCALES_FILE, Quantization(normalizer=self.normalizer, network=self.spec))

    @classmethod
    def load(cls, folder: Path) -> "QuantNetwork":
        """Return the policy that `save` wrote; a missing or damaged file raises ExportError."""
        described = decode_json(Quantization, folder / SCALES_FILE)
        policy, path = cls(described.normalizer, described.network), folder / FLOATS_FILE
        arrays, parameters = read_arrays(path), []
        for spec in policy.spec.layers:
            held = []
            for part, shape in (("weight", spec.weight_shape), ("bias", spec.weight_shape[:1])):
                values = arrays.get(f"{spec.name}.{part}")
                if values is None or values.shape != shape or values.dtype != np.float32:
                    raise ExportError(f"{path}: expected {spec.name}.{part} of {list(shape)} float32")
                held.append(torch.from_numpy(values))
            parameters.append((held[0], held[1]))
        policy._load(parameters)
        return policy


def _integers(name: str, value: Tensor, exponent: int) -> np.ndarray:
    """Return value / 2**exponent as int64; raises ExportError unless every quotient is a whole number."""
    quotient = torch.ldexp(value.double(), torch.tensor(-exponent))
    if not bool((quotient == quotient.round()).all()):
        raise ExportError(f"{name}: values are not multiples of 2^{exponent}")
    return quotient.to(torch.int64).numpy()
