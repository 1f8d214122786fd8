"""A delta network that learns: models/delta.py's integers in float32, with straight-through gradients."""

import torch
from brevitas.function.ops_ste import floor_ste
from torch import Tensor, nn

from ganglion.models.delta import DeltaNetwork
from ganglion.models.reference import IntNetwork

_BIAS_STEP = 64.0
"""Steps of the accumulator's grid in one of a bias's parameter: as far as a weight's step moves a sum."""


class DeltaActor(nn.Module):
    """A `DeltaNetwork` whose weights and biases are parameters, in steps of their grids.

    Weights that are 0 stay 0. A value that is held back learns as if it had been sent.
    """

    def __init__(self, delta: DeltaNetwork) -> None:
        super().__init__()
        network = delta.network
        self.spec, self.thresholds = network.spec, delta.thresholds
        weights = [torch.from_numpy(weight).float() for weight in network.weights]
        self.masks = [(weight != 0).float() for weight in weights]
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList(torch.from_numpy(b).float() / _BIAS_STEP for b in network.biases)
        self._columns = [
            mask.sum(dim=0) if layer.has_weights else mask
            for layer, mask in zip(self.spec.layers, self.masks, strict=True)
        ]

    def start(self, batch: int) -> list[Tensor]:
        """Return what was sent to each layer before an episode's first step: zeros [batch, *in]."""
        return [torch.zeros(batch, *layer.in_shape) for layer in self.spec.layers]

    def forward(self, inputs: Tensor, sent: list[Tensor]) -> tuple[Tensor, list[Tensor], Tensor]:
        """Return outputs [batch, out], what is sent by now, and the mean part of the weights that multiply.

        inputs: [batch, in], integers in float32. That part is smooth in the changes, to be learned from.
        """
        values, now, fired = inputs, [], torch.zeros(())
        for index, layer in enumerate(self.spec.layers):
            change, threshold = values - sent[index], self.thresholds[index]
            held = torch.where(change.abs() > threshold, values, sent[index]).detach()
            now.append(held)
            soft = torch.sigmoid((change.abs() - threshold - 0.5) / (0.5 + 0.5 * threshold))
            fired = fired + (soft * self._columns[index]).sum(dim=1).mean()
            acc = layer.functional(values + (held - values).detach(), *self._integers(index))
            scaled = _round(acc * 2.0**-layer.shift)
            values = scaled.clamp(layer.output_type.low, layer.output_type.high)
        return values, now, fired / sum(float(columns.sum()) for columns in self._columns)

    def _integers(self, index: int) -> tuple[Tensor, Tensor]:
        """Return a layer's weights and biases on their grids."""
        high = self.spec.layers[index].weight_type.high
        weight = _round(self.weights[index]).clamp(-high, high) * self.masks[index]
        return weight, _round(self.biases[index] * _BIAS_STEP)

    @torch.no_grad()
    def network(self) -> IntNetwork:
        """Return the integers, which IntNetwork's constructor proves exact in float32."""
        weights, biases = zip(*(self._integers(i) for i in range(len(self.spec.layers))), strict=True)
        return IntNetwork(
            spec=self.spec,
            weights=tuple(weight.long().numpy() for weight in weights),
            biases=tuple(bias.long().numpy() for bias in biases),
        )


def _round(x: Tensor) -> Tensor:
    """Return x rounded half up, with a straight-through gradient."""
    return floor_ste(x + 0.5)
