"""Delta inference: a value is sent to the next layer only when it has changed enough since it was last sent.

After Ivanov et al., "Reinforcement learning with sparse computations over time" (2022): a layer keeps its
accumulators and adds weight times difference for each value that is sent, so that a multiplication is done
only where a weight is left and its input has changed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork, Ints, requantize


@dataclass(slots=True, kw_only=True)
class DeltaState:
    """What episodes side by side remember: for each layer what was last sent to it, and its accumulators."""

    sent: list[Ints]
    """For each layer [batch, *in_shape]."""
    accumulators: list[Ints]
    """For each layer [batch, *out_shape], without a residual."""

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        """Forget the episodes that ended; `rows` says which go on: [batch] bool."""
        self.sent = [values[rows] for values in self.sent]
        self.accumulators = [values[rows] for values in self.accumulators]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaNetwork:
    """A network whose layers are sent only inputs that differ by more than a threshold from the last sent.

    `thresholds` has one for each layer, in steps of its input's integer grid; with 0 everywhere the outputs
    are those of `network`, for any sequence of inputs. A layer without weights reads its inputs as they are.
    """

    network: IntNetwork
    thresholds: tuple[int, ...]

    def __post_init__(self) -> None:
        n_layers = len(self.network.spec.layers)
        if len(self.thresholds) != n_layers or min(self.thresholds) < 0:
            raise ConfigError(
                f"{spelled('thresholds', list(self.thresholds))}: expected {n_layers} integers, "
                "one for each layer, of at least 0"
            )

    def start(self, batch: int) -> DeltaState:
        """Return the state at the start of `batch` episodes: zeros were sent."""
        layers = self.network.spec.layers
        zeros = [np.zeros((batch, *layer.in_shape), np.int64) for layer in layers]
        return DeltaState(
            sent=zeros,
            accumulators=[
                layer.accumulate(nothing, weight, bias)
                for layer, nothing, weight, bias in zip(
                    layers, zeros, self.network.weights, self.network.biases, strict=True
                )
            ],
        )

    def step(self, state: DeltaState, inputs: Ints) -> tuple[Ints, Ints]:
        """Return the outputs for the next inputs, and the multiplications that each layer took.

        [batch, *in] → [batch, *out] int64 and [layers, batch] int64; `state` goes on.
        """
        spec, boundaries, products = self.network.spec, [np.asarray(inputs, np.int64)], []
        for index, layer in enumerate(spec.layers):
            source = boundaries[spec.source(index)]
            products.append(self._send(state, index, source.reshape(len(source), *layer.in_shape)))
            acc = state.accumulators[index]
            if (residual := spec.residual(index)) is not None:
                acc = acc + (boundaries[residual] << spec.residual_shift(index))
            boundaries.append(requantize(acc, layer.shift, layer.output_type))
        return boundaries[-1], np.array(products)

    def _send(self, state: DeltaState, index: int, values: Ints) -> Ints:
        """Bring a layer's accumulators up to date; return the multiplications of each episode: [batch]."""
        network = self.network
        layer, weight, bias = network.spec.layers[index], network.weights[index], network.biases[index]
        if not layer.has_weights:
            state.accumulators[index] = layer.accumulate(values, weight, bias)
            return np.zeros(len(values), np.int64)
        difference = values - state.sent[index]
        changed = np.abs(difference) > self.thresholds[index]
        difference = np.where(changed, difference, 0)
        nothing = np.zeros_like(bias)
        state.sent[index] = state.sent[index] + difference
        state.accumulators[index] = state.accumulators[index] + layer.accumulate(difference, weight, nothing)
        products = layer.accumulate(changed.astype(np.int64), (weight != 0).astype(np.int64), nothing)
        return products.reshape(len(values), -1).sum(axis=1)
