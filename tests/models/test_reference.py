"""The integer reference: its rounding, its proofs at load, and its equality with the Brevitas modules."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganglion.models.build.errors import ExportError
from ganglion.models.nets.inference_network import InferenceNetwork
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.reference import IntNetwork, quantize_observation, requantize
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType
from tests.networks import at_input_scale, random_inputs, random_network

INT8, UINT8 = IntType(bits=8, signed=True), IntType(bits=8, signed=False)


def test_ties_round_up_on_both_sides_of_zero() -> None:
    acc = np.array([-24, -8, -7, 7, 8, 24])
    assert requantize(acc, 4, INT8).tolist() == [-1, 0, 0, 0, 1, 2]


def test_requantize_saturates_both_ways() -> None:
    acc = np.array([-(2**23), 2**23])
    assert requantize(acc, 4, INT8).tolist() == [-128, 127]
    assert requantize(acc, 4, UINT8).tolist() == [0, 255]


def test_shift_zero_adds_no_half() -> None:
    assert requantize(np.array([-3, 3]), 0, INT8).tolist() == [-3, 3]


def test_observation_ties_round_up_and_outliers_saturate() -> None:
    normalizer = Normalizer(features=(2, 0), offset=(1.0, 0.0), gain=(2.0, 1.0))
    obs = np.array([[-0.5, 9.0, 1.25], [1e30, 9.0, -1e30]])
    assert quantize_observation(obs, normalizer, INT8).tolist() == [[1, 0], [-128, 127]]


def _with_weight(network: IntNetwork, value: int) -> tuple[np.ndarray, ...]:
    first = network.weights[0].copy()
    first[1, 2] = value
    return (first, *network.weights[1:])


def test_a_weight_outside_its_type_is_named() -> None:
    network = random_network(np.random.default_rng(0), (5, 4, 2))
    with pytest.raises(
        ExportError, match=r"fc1: weight -128 at \[1, 2\] is outside INT8's narrow range \[-127, 127\]"
    ):
        replace(network, weights=_with_weight(network, -128))


def test_an_accumulator_beyond_float32_is_refused() -> None:
    network = random_network(np.random.default_rng(0), (5, 4, 2))
    with pytest.raises(ExportError, match=r"fc2: accumulator can reach \d+, allowed below 2\^24"):
        replace(network, biases=(network.biases[0], np.full(2, 2**24)))


def test_shapes_must_agree() -> None:
    network = random_network(np.random.default_rng(0), (5, 4, 2))
    with pytest.raises(ExportError, match=r"fc1: expected weight \(4, 5\)"):
        replace(network, weights=(network.weights[0].T, network.weights[1]))


def test_no_accumulator_exceeds_its_bound() -> None:
    rng = np.random.default_rng(1)
    network = random_network(rng, (6, 9, 4))
    inputs = random_inputs(rng, network, 500)
    acc = inputs @ network.weights[0].T + network.biases[0]
    assert (np.abs(acc).max(axis=0) <= network.accumulator_bound(0)).all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    widths=st.lists(st.integers(1, 24), min_size=2, max_size=5),
    weight_bits=st.integers(2, 8),
    activation_bits=st.integers(2, 8),
    density=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
)
def test_brevitas_equals_reference(
    seed: int, widths: list[int], weight_bits: int, activation_bits: int, density: float
) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(
        rng, widths, weight_bits=weight_bits, activation_bits=activation_bits, density=density
    )
    normalizer = Normalizer(
        features=tuple(range(widths[0])), offset=(0.0,) * widths[0], gain=(1.0,) * widths[0]
    )
    actor = QuantNetwork.from_integers(normalizer, network).eval()
    inputs = random_inputs(rng, network, 50)
    with torch.no_grad():
        mean = actor(torch.from_numpy(inputs).float()).double().numpy()
    expected = np.ldexp(network(inputs).astype(np.float64), network.spec.layers[-1].output_exponent)
    np.testing.assert_array_equal(mean, expected)
    played = InferenceNetwork(normalizer, network)(torch.from_numpy(inputs).float()).double().numpy()
    np.testing.assert_array_equal(played, expected)
    restored = actor.to_integers()
    for got, wanted in zip(restored.weights + restored.biases, network.weights + network.biases, strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("exponent", [-3, 0, 2])
def test_torch_quantizes_observations_as_the_reference_at_any_input_scale(exponent: int) -> None:
    rng = np.random.default_rng(4)
    network = at_input_scale(random_network(rng, (5, 7, 3)), exponent)
    normalizer = Normalizer(
        features=(4, 0, 2, 1, 3), offset=(0.5, 0.0, -3.0, 1e-3, 7.0), gain=(3.0, 32.0, 0.7, 8.0, 1.0)
    )
    observations = rng.normal(0, 30, (500, 5)).astype(np.float32)
    integers = quantize_observation(observations, normalizer, network.spec.input_type)
    expected = np.ldexp(network(integers).astype(np.float64), network.spec.exponent(2))
    quantized, played = QuantNetwork.from_integers(normalizer, network), InferenceNetwork(normalizer, network)
    for torch_network in (quantized, played):
        with torch.no_grad():
            mean = torch_network(torch.from_numpy(observations)).double()
        np.testing.assert_array_equal(mean.numpy(), expected)
