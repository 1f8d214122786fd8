"""Calibration: the scales by which a float policy is seen as integers, chosen once on visited states."""

import functools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganglion.models.quant.csd import ANY_DIGITS
from ganglion.models.quant.quantizers import best_exponent, fake_quantize, quantize_weight
from ganglion.models.spec.network import LayerSpec, NetworkSpec
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType, QuantConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """How a float MLP is seen as integers."""

    normalizer: Normalizer
    network: NetworkSpec
    csd_digits: int = ANY_DIGITS
    """The most signed digits of a weight."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {
            "normalizer": asdict(self.normalizer),
            "network": self.network.to_json(),
            "csd_digits": self.csd_digits,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Quantization":
        """Return the quantization that `to_json` described; older ones know no limit on digits."""
        return cls(
            normalizer=Normalizer.from_json(value["normalizer"]),
            network=NetworkSpec.from_json(value["network"]),
            csd_digits=value.get("csd_digits", ANY_DIGITS),
        )


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


def calibrate(linears: Sequence[nn.Linear], observations: np.ndarray, quant: QuantConfig) -> Quantization:
    """Return the scales of an MLP with ReLU between `linears` that lose least.

    They minimise the squared error on `observations` [n, obs] float32 (a few thousand visited states), the
    mean's measured behind tanh.
    """
    normalizer = calibrate_normalizer(observations, quant.input_bits)
    normalized = Normalize(normalizer)(torch.from_numpy(observations))
    network = _choose_scales(*fold_normalizer(linears, normalizer), normalized, quant)
    return Quantization(normalizer=normalizer, network=network, csd_digits=quant.csd_digits)


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


def fold_normalizer(
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
def _choose_scales(
    weights: list[Tensor], biases: list[Tensor], normalized: Tensor, quant: QuantConfig
) -> NetworkSpec:
    """Choose every scale layer by layer, each on the quantized activations of the one before."""
    input_type = IntType(bits=quant.input_bits, signed=True)
    weight_type = IntType(bits=quant.weight_bits, signed=True)
    on_grid = functools.partial(quantize_weight, csd_digits=quant.csd_digits)
    current, exponent = fake_quantize(normalized, input_type, 0), 0
    layers: list[LayerSpec] = []
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        last = index == len(weights) - 1
        output_type = IntType(bits=quant.output_bits if last else quant.activation_bits, signed=last)
        alive = weight[weight != 0] if bool(weight.any()) else weight
        weight_exponent = best_exponent(alive, weight_type, on_grid)
        acc = current @ on_grid(weight, weight_type, weight_exponent).T + bias
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
