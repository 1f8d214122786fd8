"""What the RTL is proven with: golden inputs, extremes, random ones, and those sought for each neuron.

A fault that shows only where a neuron saturates, or where a sum is next to another output, stays hidden from
inputs that never bring the neuron there. One that adds what the vector before has left in a memory stays
hidden where that is zero: sums next to another output come again behind inputs that raise every neuron.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.frames import proof_frames
from ganglion.models.layers import Dense
from ganglion.models.layers.layer import EPISODE_START, INPUT
from ganglion.models.reference import IntNetwork, Ints

if TYPE_CHECKING:
    from ganglion.models.formats.policy_folder import Policy

MIN_VECTORS = 10_000
ROUNDS, CANDIDATES, MOST_SCORES = 20, 1024, 4_000_000
MOST_PAIRS = 1024
# How many features of an input a round changes.
CHANGES = 2

Floats = npt.NDArray[np.float32]


def proof_inputs(network: IntNetwork, golden: Ints) -> Ints:
    """Return inputs [n, in]: golden, all-low, all-high, zeros, random to `MIN_VECTORS`, sought, and pairs."""
    kind, features = network.spec.input_type, network.spec.widths[0]
    extremes = np.repeat([[kind.low], [kind.high], [0]], features, axis=1)
    missing = max(0, MIN_VECTORS - len(golden) - len(extremes))
    random = np.random.default_rng(0).integers(kind.low, kind.high + 1, (missing, features))
    known = np.concatenate([golden.astype(np.int64), extremes, random])
    best = _sought(network, known)
    return np.concatenate([known, np.unique(best.inputs[best.is_new], axis=0), _pairs(network, best)])


def proof_vectors(policy: "Policy") -> Vectors:
    """Return what a policy's hardware is proven with, and the answers.

    With thresholds, golden's episodes are followed by episodes of two steps, from rest and then a jump; of
    maps they are frames.
    """
    network, golden, starts = policy.network, policy.golden[INPUT], policy.golden.get(EPISODE_START)
    if any(not isinstance(layer, Dense) for layer in network.spec.layers):
        frames, begins = proof_frames(
            network, golden, np.ones(len(golden), bool) if starts is None else starts
        )
        return Vectors.of(network, frames, None if starts is None else begins)
    inputs = proof_inputs(network, golden)
    if starts is not None:
        starts = np.append(starts, np.arange(len(inputs) - len(starts)) % 2 == 0)
    return Vectors.of(network, inputs, starts)


def _sought(network: IntNetwork, known: Ints) -> "_Best":
    """Return the inputs that bring neurons farthest, new where `known` [m, in] does not bring them there.

    A neuron has four goals: its largest and its smallest sum, one that is just rounded up to an output, and
    one that just is not. A weight has one: that its lowest bit, turned over, changes the output. The best
    input for each goal is changed at random; what comes closer takes its place.
    """
    rng = np.random.default_rng(0)
    goals = 4 * sum(network.spec.widths[1:]) + network.nnz
    n_candidates = min(CANDIDATES, MOST_SCORES // goals + 1)
    best = _Best.of(known[0], goals)
    for start in range(0, len(known), n_candidates):
        best.improve(network, known[start : start + n_candidates])
    best.is_new[:] = False
    for _ in range(ROUNDS):
        parents = rng.choice(np.flatnonzero(best.scores != 0), n_candidates)
        best.improve(network, _changed(rng, network, best.inputs[parents]))
    return best


def _pairs(network: IntNetwork, best: "_Best") -> Ints:
    """Return inputs [n, in] in turn: one that raises neurons, one that brings a sum just below an output.

    The few inputs that together raise every input and neuron above its lowest come before every such sum;
    `MOST_PAIRS` of these pairs, at random, where there are more.
    """
    spec = network.spec
    boundaries = enumerate([best.inputs, *network.forward(best.inputs)])
    raised = np.concatenate([values > spec.type(boundary).low for boundary, values in boundaries], axis=1)
    raising: list[int] = []
    while raised.any():
        raising.append(int(raised.sum(axis=1).argmax()))
        raised[:, raised[raising[-1]]] = False
    below = np.unique(best.inputs[_below(network)], axis=0)
    chosen = np.random.default_rng(0).permutation(len(raising) * len(below))[:MOST_PAIRS]
    pairs = [best.inputs[raising][chosen // len(below)], below[chosen % len(below)]]
    return np.stack(pairs, axis=1).reshape(-1, best.inputs.shape[1])


def _below(network: IntNetwork) -> npt.NDArray[np.bool_]:
    """Return which goals, [goals], are a sum just below an output; in the order of `_scores`."""
    counts = [[3 * len(weight), len(weight), np.count_nonzero(weight)] for weight in network.weights]
    return np.repeat(np.resize([False, True, False], 3 * len(counts)), np.ravel(counts))


@dataclass(slots=True, kw_only=True)
class _Best:
    """The best input [goals, in] for each goal, and its score [goals]: 0 is a goal reached for good."""

    inputs: Ints
    scores: Floats
    is_new: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, first: Ints, goals: int) -> "_Best":
        is_new = np.zeros(goals, dtype=np.bool_)
        return cls(
            inputs=np.repeat(first[None], goals, axis=0), scores=np.full(goals, -np.inf), is_new=is_new
        )

    def improve(self, network: IntNetwork, candidates: Ints) -> None:
        scores = np.concatenate(list(_scores(network, candidates)), axis=1)
        first = scores.argmax(axis=0)
        found = scores[first, np.arange(len(first))]
        better = found > self.scores
        self.inputs[better], self.scores[better] = candidates[first[better]], found[better]
        self.is_new |= better


def _changed(rng: np.random.Generator, network: IntNetwork, inputs: Ints) -> Ints:
    """Return inputs with a few features drawn anew, moved a little, or put to an end of their range."""
    kind, shape = network.spec.input_type, inputs.shape
    drawn = rng.integers(kind.low, kind.high + 1, shape)
    step = 1 << rng.integers(0, kind.bits, (len(inputs), 1))
    moved = inputs + rng.integers(-step, step + 1, shape)
    ends = rng.choice([kind.low, kind.high], shape)
    how = rng.integers(0, 3, (len(inputs), 1))
    new = np.where(how == 0, drawn, np.where(how == 1, moved, ends))
    changes = rng.random(shape) < min(0.5, CHANGES / shape[1])
    return np.clip(np.where(changes, new, inputs), kind.low, kind.high)


def _scores(network: IntNetwork, inputs: Ints) -> Iterator[Floats]:
    """Yield how close inputs come to each layer's goals: [n, 4 * out + nnz]; sums are exact in float32."""
    current = inputs.astype(np.float32)
    for index, (layer, weight, bias) in enumerate(
        zip(network.spec.layers, network.weights, network.biases, strict=True)
    ):
        step, kind = np.float32(1 << layer.shift), layer.output_type
        total = current @ weight.T.astype(np.float32) + (bias + ((1 << layer.shift) >> 1)).astype(np.float32)
        output = np.floor(total / step)
        rest = total - output * step
        # How far the output is from where a larger sum shows, and a smaller one.
        larger = np.maximum(np.maximum(kind.low - output, output - kind.high + 1), 0)
        smaller = np.maximum(np.maximum(kind.low - output + 1, output - kind.high), 0)
        rounded_up, not_yet = -rest - step * smaller, rest - step + 1 - step * larger
        yield np.concatenate([total, -total, rounded_up, not_yet], axis=1)
        neurons, sources = np.nonzero(weight)
        is_even = weight[neurons, sources] % 2 == 0
        lack = np.where(is_even, step - rest[:, neurons], rest[:, neurons] + 1)
        beyond = np.where(is_even, larger[:, neurons], smaller[:, neurons])
        source = current[:, sources] - network.spec.input_type_of(index).low
        yield np.minimum(source - lack, 0) - 2 * step * beyond
        current = np.clip(output, kind.low, kind.high)
