"""Delta inference: exact at threshold 0, and as defined value by value above it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ganglion.models.build.errors import ConfigError
from ganglion.models.delta import DeltaNetwork, step_from_sent
from ganglion.models.episodes import forward
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.reference import IntNetwork, requantize
from ganglion.models.spec.policy import Normalizer
from tests.models.layers.nets import inputs_of, residual_network
from tests.networks import random_inputs, random_network


def walk(network: IntNetwork, n_steps: int, batch: int) -> np.ndarray:
    """Return inputs of episodes in which few values change a step: [n_steps, batch, *in]."""
    rng = np.random.default_rng(5)
    fresh = inputs_of(network, n_steps * batch).reshape(n_steps, batch, *network.spec.shape(0))
    for step in range(1, n_steps):
        fresh[step] = np.where(rng.random(fresh[step].shape) < 0.2, fresh[step], fresh[step - 1])
    return fresh


def by_hand(network: IntNetwork, thresholds: tuple[int, ...], inputs: np.ndarray) -> tuple[list, list, list]:
    """Return outputs, multiplications and numbers of values sent of one episode through dense layers."""
    sent = [[0] * layer.n_inputs for layer in network.spec.layers]
    acc = [[int(b) for b in bias] for bias in network.biases]
    outputs, products, n_sent = [], [], []
    for values in inputs.tolist():
        taken, counts = [], []
        for index, layer in enumerate(network.spec.layers):
            weight, count, n_changed = network.weights[index], 0, 0
            for i, value in enumerate(values):
                if abs(value - sent[index][i]) > thresholds[index]:
                    for o in np.flatnonzero(weight[:, i]):
                        acc[index][o] += int(weight[o, i]) * (value - sent[index][i])
                        count += 1
                    sent[index][i] = value
                    n_changed += 1
            taken.append(count)
            counts.append(n_changed)
            values = requantize(np.array(acc[index]), layer.shift, layer.output_type).tolist()
        outputs.append(values)
        products.append(taken)
        n_sent.append(counts)
    return outputs, products, n_sent


@pytest.mark.parametrize("kinds", ["dense", "convolutions and a residual"])
def test_with_threshold_0_the_outputs_are_the_networks(kinds: str) -> None:
    network = (
        random_network(np.random.default_rng(1), (6, 20, 15, 3)) if kinds == "dense" else residual_network()
    )
    delta = DeltaNetwork(network=network, thresholds=(0,) * len(network.spec.layers))
    state = delta.start(batch=4)
    for inputs in walk(network, 30, 4):
        outputs, _ = delta.step(state, inputs)
        np.testing.assert_array_equal(outputs, network(inputs))


@pytest.mark.parametrize("thresholds", [(0, 0, 0), (3, 0, 1), (9, 40, 20)])
def test_outputs_and_multiplications_are_those_of_the_definition(thresholds: tuple[int, ...]) -> None:
    network = random_network(np.random.default_rng(2), (5, 12, 9, 3))
    inputs = walk(network, 40, 1)
    expected, expected_products, expected_sent = by_hand(network, thresholds, inputs[:, 0])
    delta = DeltaNetwork(network=network, thresholds=thresholds)
    state = delta.start(batch=1)
    for step, each in enumerate(inputs):
        outputs, products = delta.step(state, each)
        assert (outputs[0].tolist(), products[:, 0].tolist()) == (expected[step], expected_products[step])
        assert np.ravel(state.n_sent).tolist() == expected_sent[step]


def test_thresholds_change_what_leaves() -> None:
    network = random_network(np.random.default_rng(2), (5, 12, 9, 3))
    exact, coarse = (DeltaNetwork(network=network, thresholds=(each,) * 3) for each in (0, 30))
    states = exact.start(1), coarse.start(1)
    steps = [(exact.step(states[0], x), coarse.step(states[1], x)) for x in walk(network, 40, 1)]
    assert any((a[0] != b[0]).any() for a, b in steps)
    assert sum(int(b[1].sum()) for _, b in steps) < sum(int(a[1].sum()) for a, _ in steps)


@pytest.mark.parametrize("kinds", ["dense", "convolutions and a residual"])
def test_pytorch_equals_the_reference_in_every_layer_of_every_step(kinds: str) -> None:
    network = (
        random_network(np.random.default_rng(1), (6, 20, 15, 3)) if kinds == "dense" else residual_network()
    )
    layers = network.spec.layers
    thresholds = tuple(7 * (1 + index) if layer.has_weights else 0 for index, layer in enumerate(layers))
    network = replace(network, spec=replace(network.spec, thresholds=thresholds))
    n_inputs = layers[0].n_inputs
    gains = Normalizer(features=tuple(range(n_inputs)), offset=(0.0,) * n_inputs, gain=(1.0,) * n_inputs)
    torch_network, delta = QuantNetwork.from_integers(gains, network).eval(), DeltaNetwork.of(network)
    sent, state = torch_network.start(2), delta.start(2)
    is_held = False
    for inputs in walk(network, 10, 2):
        expected, _ = delta.forward(state, inputs)
        with torch.no_grad():
            got = torch_network.activations(torch.from_numpy(inputs.reshape(2, -1)).float(), sent)
        for layer, want, real in zip(layers, expected, got, strict=True):
            np.testing.assert_array_equal(np.ldexp(real.double().numpy(), -layer.output_exponent), want)
        is_held |= bool((expected[-1] != network(inputs)).any())
    assert is_held


def test_what_layers_were_sent_gives_what_accumulators_add_up() -> None:
    network = random_network(np.random.default_rng(2), (5, 12, 9, 3))
    network = replace(network, spec=replace(network.spec, thresholds=(9, 0, 20)))
    inputs, starts = walk(network, 60, 1)[:, 0], np.arange(60) % 25 == 0
    expected = DeltaNetwork.of(network).run(inputs, starts)[-1]
    for step, each in enumerate(inputs):
        if starts[step]:
            sent = {index: np.zeros((1, network.spec.widths[index]), np.int64) for index in (0, 2)}
        np.testing.assert_array_equal(step_from_sent(network, each[None], sent)[0], expected[step])


def test_episodes_with_thresholds_need_their_starts() -> None:
    network = random_network(np.random.default_rng(2), (5, 12, 9, 3))
    inputs = random_inputs(np.random.default_rng(4), network, 5)
    np.testing.assert_array_equal(forward(network, inputs, None)[-1], network(inputs))
    with_thresholds = replace(network, spec=replace(network.spec, thresholds=(9, 0, 20)))
    with pytest.raises(ConfigError, match="needs to know where episodes start"):
        forward(with_thresholds, inputs, None)


def test_a_convolution_multiplies_once_for_each_window_and_weight_that_a_change_meets() -> None:
    network = residual_network()
    delta, values = DeltaNetwork(network=network, thresholds=(0,) * 5), inputs_of(network, 3)[2:]
    state = delta.start(batch=1)
    delta.step(state, values)
    assert not delta.step(state, values)[1].any()  # nothing changed
    values[0, 1, 0, 0] += 1 if values[0, 1, 0, 0] < 0 else -1
    # The corner of a plane meets the four windows around it, each with another place of the kernel.
    assert delta.step(state, values)[1][0, 0] == np.count_nonzero(network.weights[0][:, 1, :2, :2])


def test_episodes_that_ended_are_forgotten_and_the_others_go_on() -> None:
    network = random_network(np.random.default_rng(3), (4, 8, 2))
    delta = DeltaNetwork(network=network, thresholds=(5, 5))
    inputs = walk(network, 20, 3)
    alone, together = delta.start(1), delta.start(3)
    for step, each in enumerate(inputs):
        expected = delta.step(alone, each[2:])
        rows = slice(None) if step < 10 else slice(2, 3)
        outputs, products = delta.step(together, each[rows])
        assert (outputs[-1] == expected[0][0]).all() and (products[:, -1] == expected[1][:, 0]).all()
        if step == 9:
            together.keep(np.array([False, False, True]))


def test_thresholds_that_are_none_are_refused() -> None:
    network = random_network(np.random.default_rng(3), (4, 8, 2))
    for thresholds in ((0,), (0, -1), (0, 0, 0)):
        with pytest.raises(ConfigError, match="expected 2 integers, one for each layer"):
            DeltaNetwork(network=network, thresholds=thresholds)


def test_random_inputs_without_memory_are_exact_too() -> None:
    network = random_network(np.random.default_rng(4), (7, 30, 4))
    delta = DeltaNetwork(network=network, thresholds=(0, 0))
    state, inputs = delta.start(1), random_inputs(np.random.default_rng(4), network, 50)
    outputs = [delta.step(state, each[None])[0][0] for each in inputs]
    np.testing.assert_array_equal(outputs, network(inputs))
