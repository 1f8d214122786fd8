"""Delta inference: a value is sent to the next layer only when it has changed enough since it was last sent.

After Ivanov et al., "Reinforcement learning with sparse computations over time" (2022): a layer keeps its
accumulators and adds weight times difference for each value that is sent, so that a multiplication is done
only where a weight is left and its input has changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork, Ints, activations


@dataclass(slots=True, kw_only=True)
class DeltaState:
    """What episodes side by side remember: for each layer what was last sent to it, and its accumulators."""

    sent: list[Ints]
    """For each layer [batch, *in_shape]."""
    accumulators: list[Ints]
    """For each layer [batch, *out_shape], without a residual."""
    fan_out: list[Ints]
    """For each layer how many products an input is a factor of: [values that enter]."""
    n_sent: list[Ints]
    """For each layer with weights how many values the last step sent to it: [batch]; of others none."""

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

    @classmethod
    def of(cls, network: IntNetwork) -> "DeltaNetwork":
        """Return the network with its own thresholds; without any, all are 0."""
        layers = range(len(network.spec.layers))
        return cls(network=network, thresholds=tuple(network.spec.threshold(index) for index in layers))

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
            fan_out=[
                layer.fan_out(weight).reshape(-1)
                for layer, weight in zip(layers, self.network.weights, strict=True)
            ],
            n_sent=[np.zeros(batch, np.int64) for _ in layers],
        )

    def step(self, state: DeltaState, inputs: Ints) -> tuple[Ints, Ints]:
        """Return the outputs for the next inputs, and the multiplications that each layer took.

        [batch, *in] → [batch, *out] int64 and [layers, batch] int64; `state` goes on.
        """
        values, products = self.forward(state, inputs)
        return values[-1], products

    def forward(self, state: DeltaState, inputs: Ints) -> tuple[list[Ints], Ints]:
        """Return every layer's activations for the next inputs, and each layer's multiplications.

        [batch, *in] → list of [batch, *out] int64 and [layers, batch] int64; `state` goes on.
        """
        spec, boundaries, products = self.network.spec, [np.asarray(inputs, np.int64)], []
        for index, layer in enumerate(spec.layers):
            source = boundaries[spec.source(index)]
            products.append(self._send(state, index, layer.entering(source)))
            boundaries.append(activations(spec, index, state.accumulators[index], boundaries))
        return boundaries[1:], np.array(products)

    def run(self, inputs: Ints, starts: npt.NDArray[np.bool_]) -> list[Ints]:
        """Return every layer's activations over whole episodes: [n, *in] → list of [n, *out] int64.

        starts: [n], where an episode starts; the first vector starts one in any case.
        """
        inputs = np.asarray(inputs, np.int64)
        layers = self.network.spec.layers
        found = [np.empty((len(inputs), *layer.out_shape), np.int64) for layer in layers]
        state = None
        for rows, goes_on in side_by_side(starts):
            if state is None:
                state = self.start(len(goes_on))
            state.keep(goes_on)
            for whole, part in zip(found, self.forward(state, inputs[rows])[0], strict=True):
                whole[rows] = part
        return found

    def _send(self, state: DeltaState, index: int, values: Ints) -> Ints:
        """Bring a layer's accumulators up to date; return the multiplications of each episode: [batch]."""
        network = self.network
        layer, weight, bias = network.spec.layers[index], network.weights[index], network.biases[index]
        if not layer.has_weights:
            state.accumulators[index] = layer.accumulate(values, weight, bias)
            state.n_sent[index] = np.zeros(len(values), np.int64)
            return state.n_sent[index]
        before, nothing = state.sent[index], np.zeros_like(bias)
        state.sent[index] = hold(values, before, self.thresholds[index])
        difference = state.sent[index] - before
        state.accumulators[index] = state.accumulators[index] + layer.accumulate(difference, weight, nothing)
        # Exact in the float64 that BLAS multiplies.
        changed = (difference != 0).reshape(len(values), -1)
        state.n_sent[index] = np.count_nonzero(changed, axis=1)
        return (changed.astype(np.float64) @ state.fan_out[index]).astype(np.int64)


def hold(values: Ints, sent: Ints, threshold: int) -> Ints:
    """Return what was last sent once `values` came: they, where they differ by more than the threshold."""
    return np.where(np.abs(values - sent) > threshold, values, sent)


def step_from_sent(network: IntNetwork, inputs: Ints, sent: dict[int, Ints]) -> Ints:
    """Return the outputs for the next inputs from what layers were last sent, without accumulators.

    [batch, *in] → [batch, *out] int64; `sent`, [batch, *in] of each layer with a threshold, goes on. What
    DeltaNetwork adds up is what the layers give for all that was sent.
    """
    spec, boundaries = network.spec, [np.asarray(inputs, np.int64)]
    for index, layer in enumerate(spec.layers):
        values = layer.entering(boundaries[spec.source(index)])
        if index in sent:
            values = sent[index] = hold(values, sent[index], spec.threshold(index))
        acc = layer.accumulate(values, network.weights[index], network.biases[index])
        boundaries.append(activations(spec, index, acc, boundaries))
    return boundaries[-1]


def side_by_side(
    starts: npt.NDArray[np.bool_],
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]]:
    """Yield, step by step, the rows of the episodes that still go on, and which of those before they are."""
    firsts = np.union1d([0], np.flatnonzero(starts))
    lengths = np.diff(np.append(firsts, len(starts)))
    before = np.ones(len(firsts), bool)
    for step in range(lengths.max()):
        goes_on = lengths > step
        yield firsts[goes_on] + step, goes_on[before]
        before = goes_on
