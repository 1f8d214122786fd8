"""Networks for the delta engine, with what only columns trip over, and their episodes."""

from dataclasses import replace

import numpy as np

from ganglion.hw.sim.equality import Vectors
from ganglion.models.delta import DeltaNetwork
from ganglion.models.reference import IntNetwork, Ints, requantize
from tests.hw.engines.folded.nets import with_types
from tests.networks import random_network


def column_network(rng: np.random.Generator) -> IntNetwork:
    """Return a network with empty columns, a column of all a layer's weights, a constant neuron."""
    network = random_network(rng, (7, 16, 11, 5), density=0.4)
    weights, biases = ([array.copy() for array in arrays] for arrays in (network.weights, network.biases))
    weights[0][:, 2] = 0
    weights[0][5], biases[0][5] = 0, 3000  # whatever comes, but it is sent at an episode's start
    weights[1][:, np.arange(16) != 5], weights[1][:, 5] = 0, 127
    weights[2][:, 3:6] = 0
    return replace(network, weights=tuple(weights), biases=tuple(biases))


def signed_network(rng: np.random.Generator) -> IntNetwork:
    """Return a network whose hidden values are signed, of several widths."""
    return with_types(random_network(rng, (6, 12, 9, 4), density=0.5), ("INT6", "UINT4", "INT7"))


def with_thresholds(network: IntNetwork, *thresholds: int) -> IntNetwork:
    """Return the network with a threshold a layer."""
    return replace(network, spec=replace(network.spec, thresholds=thresholds))


def episode(rng: np.random.Generator, network: IntNetwork, steps: int) -> Ints:
    """Return inputs [steps, in] that wander: each changes in every other step, now and then to an extreme."""
    kind, features = network.spec.input_type, network.spec.widths[0]
    moves = rng.integers(-3, 4, (steps, features)) * (rng.random((steps, features)) < 0.5)
    values = np.clip(np.cumsum(moves, axis=0), kind.low, kind.high)
    extremes = rng.choice([kind.low, kind.high], (steps, features))
    return np.where(rng.random((steps, 1)) < 0.1, extremes, values)


def episode_vectors(network: IntNetwork, inputs: Ints) -> Vectors:
    """Return the inputs of one episode with every layer's answers by the reference with state."""
    delta = DeltaNetwork.of(network)
    state, layers = delta.start(1), network.spec.layers
    answers: dict[str, list[Ints]] = {layer.name: [] for layer in layers}
    for vector in inputs:
        delta.step(state, vector[None])
        for layer, acc in zip(layers, state.accumulators, strict=True):
            answers[layer.name].append(requantize(acc[0], layer.shift, layer.output_type))
    return Vectors(inputs=inputs, layers={name: np.stack(values) for name, values in answers.items()})
