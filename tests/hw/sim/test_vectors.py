"""The inputs that the RTL is proven with: what comes behind what."""

import numpy as np

from ganglion.hw.sim.vectors import proof_inputs
from tests.networks import random_network


def test_sums_just_below_an_output_come_behind_inputs_that_raise_every_neuron() -> None:
    rng = np.random.default_rng(3)
    network = random_network(rng, (2, 7, 6, 3), density=0.7)
    kind = network.spec.input_type
    inputs = proof_inputs(network, rng.integers(kind.low, kind.high + 1, (50, 2)))
    boundaries = [inputs, *network.forward(inputs)]
    lows = [network.spec.type(boundary).low for boundary in range(len(boundaries))]
    raised = np.concatenate([values > low for values, low in zip(boundaries, lows, strict=True)], axis=1)
    n_below = 0
    for layer, weight, bias, source, output in zip(
        network.spec.layers, network.weights, network.biases, boundaries, boundaries[1:], strict=False
    ):
        one_more = source @ weight.T + bias + ((1 << layer.shift) >> 1) + 1
        below = np.clip(one_more >> layer.shift, layer.output_type.low, layer.output_type.high) > output
        for neuron in np.flatnonzero(below.any(axis=0)):
            before = np.flatnonzero(below[1:, neuron])
            assert (raised[before].any(axis=0) == raised.any(axis=0)).all(), (layer.name, neuron)
            n_below += 1
    assert n_below > 10
