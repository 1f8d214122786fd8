"""The sparse quantized MLP actor: Brevitas layers between the observation normalizer and the mean action."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import torch
from torch import Tensor, nn

from models.artifacts import ExportError, read_arrays, read_json, write_arrays, write_json
from models.policy_spec import Normalizer
from models.quant import best_exponent, fake_quantize, quant_activation, quant_linear
from models.reference import IntNetwork
from models.spec import IntType, LayerSpec, NetworkSpec, QuantConfig


class Normalize(nn.Module):
    """`(obs[features] - offset) * gain` in float32: [batch, obs] → [batch, in]; the host's part."""

    features: Tensor
    offset: Tensor
    gain: Tensor

    def __init__(self, normalizer: Normalizer) -> None:
        super().__init__()
        self.register_buffer("features", torch.tensor(normalizer.features, dtype=torch.int64))
        self.register_buffer("offset", torch.tensor(normalizer.offset, dtype=torch.float32))
        self.register_buffer("gain", torch.tensor(normalizer.gain, dtype=torch.float32))

    def forward(self, obs: Tensor) -> Tensor:
        """Return the normalized observation, in units of the input quantizer's step."""
        return (obs[..., self.features] - self.offset) * self.gain


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
    def from_dense(
        cls,
        linears: Sequence[nn.Linear],
        normalizer: Normalizer,
        quant: QuantConfig,
        observations: Tensor,
    ) -> "QuantMlp":
        """Return the calibrated post-training quantization of an MLP with ReLU between `linears`.

        The normalizer's inverse is folded into the first layer. Scales minimise the squared error on
        `observations` [n, obs] (a few thousand visited states), the mean's measured behind tanh.
        """
        normalized = Normalize(normalizer)(observations.float())
        spec = _calibrate(*_fold_normalizer(linears, normalizer), normalized, quant)
        return cls.from_float(linears, normalizer, spec)

    @classmethod
    def from_float(
        cls, linears: Sequence[nn.Linear], normalizer: Normalizer, spec: NetworkSpec
    ) -> "QuantMlp":
        """Return the policy on the grids of `spec` with the weights of `linears`, for raw observations."""
        policy = cls(normalizer, spec)
        policy._load(*_fold_normalizer(linears, normalizer))
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


def calibrate_normalizer(observations: np.ndarray, input_bits: int = 8) -> Normalizer:
    """Return offsets and power-of-two gains that spread each feature's range over the input type.

    observations: [n, obs] of visited states; the range runs from the 0.1 % to the 99.9 % quantile.
    """
    input_type = IntType(bits=input_bits, signed=True)
    low, high = np.quantile(observations.astype(np.float64), [0.001, 0.999], axis=0)
    half = np.maximum((high - low) / 2, 1e-3)
    gain = np.exp2(np.floor(np.log2((input_type.high + 0.5) / half)))
    offset = np.round((low + high) / 2 * gain) / gain
    return Normalizer(
        features=tuple(range(observations.shape[1])),
        offset=tuple(offset.tolist()),
        gain=tuple(gain.tolist()),
    )


def _fold_normalizer(
    linears: Sequence[nn.Linear], normalizer: Normalizer
) -> tuple[list[Tensor], list[Tensor]]:
    """Return weights and biases that act on normalized observations as `linears` do on raw ones."""
    weights = [linear.weight.detach().clone() for linear in linears]
    biases = [linear.bias.detach().clone() for linear in linears]
    first = weights[0][:, list(normalizer.features)]
    biases[0] += first @ torch.tensor(normalizer.offset)
    weights[0] = first / torch.tensor(normalizer.gain)
    return weights, biases


@torch.no_grad()
def _calibrate(
    weights: list[Tensor], biases: list[Tensor], normalized: Tensor, quant: QuantConfig
) -> NetworkSpec:
    """Choose every scale layer by layer, each on the quantized activations of the one before."""
    input_type = IntType(bits=quant.input_bits, signed=True)
    weight_type = IntType(bits=quant.weight_bits, signed=True)
    current, exponent = fake_quantize(normalized, input_type, 0), 0
    layers: list[LayerSpec] = []
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        last = index == len(weights) - 1
        output_type = IntType(bits=quant.output_bits if last else quant.activation_bits, signed=last)
        alive = weight[weight != 0] if bool(weight.any()) else weight
        weight_exponent = best_exponent(alive, weight_type, narrow=True)
        acc = current @ fake_quantize(weight, weight_type, weight_exponent, narrow=True).T + bias
        through = torch.tanh if last else torch.relu
        output_exponent = best_exponent(through(acc) if not last else acc, output_type, through=through)
        layers.append(
            LayerSpec(
                name=f"fc{index + 1}",
                in_features=weight.shape[1],
                out_features=weight.shape[0],
                weight_type=weight_type,
                output_type=output_type,
                input_exponent=exponent,
                weight_exponent=weight_exponent,
                output_exponent=max(output_exponent, exponent + weight_exponent),
            )
        )
        exponent = layers[-1].output_exponent
        current = fake_quantize(acc, output_type, exponent)
    return NetworkSpec(input_type=input_type, layers=tuple(layers))


def _integers(name: str, value: Tensor, exponent: int) -> np.ndarray:
    """Return value / 2**exponent as int64; raises ExportError unless every quotient is a whole number."""
    quotient = torch.ldexp(value.double(), torch.tensor(-exponent))
    if not bool((quotient == quotient.round()).all()):
        raise ExportError(f"{name}: values are not multiples of 2^{exponent}")
    return quotient.to(torch.int64).numpy()
