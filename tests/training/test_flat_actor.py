"""The hand-written actors equal the modules they stand for: forward, gradients, and what pruning promises."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ganglion.models.build.codec import decode, encode
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.calibration import Quantization
from ganglion.models.quant.csd import csd_digits
from ganglion.models.quant.quantizers import BIAS_TYPE
from ganglion.models.spec.types import QuantConfig
from ganglion.training.algorithms.sac import Sac, new_sac
from ganglion.training.learner import quantize, quantized_network, weights_of
from tests.training.toy import toy_config

EXACT = {"rtol": 0.0, "atol": 0.0}


def _quantized(bits: int = 8, csd_digits: int = 4) -> Sac:
    model = new_sac(toy_config(hidden=(24, 16)), seed=1)
    model.learn(400)
    widths = dict.fromkeys(("weight_bits", "activation_bits", "input_bits", "output_bits"), bits)
    quantize(model, 400, QuantConfig(**widths, csd_digits=csd_digits))
    return model


def _torch_sample(model: Sac, mean: Tensor, latent: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return actions and log pi as SB3 defines them, with a graph."""
    log_std = model.actor.log_std(latent).clamp(-20, 2)
    gaussian = torch.distributions.Normal(mean, log_std.exp())
    sample = mean + log_std.exp() * noise
    action = torch.tanh(sample)
    return action, (gaussian.log_prob(sample) - torch.log(1 - action**2 + 1e-6)).sum(1)


@pytest.mark.parametrize(("bits", "csd_digits"), [(2, 4), (4, 4), (8, 4), (8, 2), (6, 1)])
def test_the_quantized_forward_pass_equals_brevitas_exactly(
    bits: int, csd_digits: int, observations: Tensor
) -> None:
    model = _quantized(bits, csd_digits)
    model.learn(80, reset_num_timesteps=False)
    network = quantized_network(model)
    with torch.no_grad():
        forward = model.flat_actor._forward(observations)
        torch.testing.assert_close(forward.mean, network(observations), **EXACT)
        torch.testing.assert_close(forward.inputs[-1], network.activations(observations)[-2], **EXACT)


def test_the_quantized_gradient_equals_brevitas(observations: Tensor) -> None:
    model = _quantized()
    network, actor = quantized_network(model), model.flat_actor
    noise = torch.randn(len(observations), 1)
    d_action, d_log_pi = torch.randn(len(observations), 1), torch.tensor(0.3)
    model.actor.log_std.zero_grad()
    action, log_pi = _torch_sample(model, network(observations), network.activations(observations)[-2], noise)
    ((action * d_action).sum() + d_log_pi * log_pi.sum()).backward()
    with torch.no_grad():
        actor.sample(observations, noise, keep=True)
        actor._backward(d_action, d_log_pi)
    first = network.layers[0]
    gain, offset = network.normalizer.gain, network.normalizer.offset
    # Raw units: normalized = (observation - offset) * gain.
    in_raw_units = first.weight.grad / torch.tensor(gain) + torch.outer(first.bias.grad, torch.tensor(offset))
    expected = [in_raw_units, first.bias.grad]
    for layer in (*network.layers[1:], model.actor.log_std):
        expected += [layer.weight.grad, layer.bias.grad]
    for got, wanted in zip(actor.parameters.expose(actor.parameters.grad), expected, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def test_a_weight_never_leaves_its_type() -> None:
    model = _quantized()
    with torch.no_grad():
        weights_of(model)[1].fill_(100.0)
    model.flat_actor.refresh()
    layer = model.quantization.network.layers[1]
    highest = layer.weight_type.high * 2.0**layer.weight_exponent
    assert float(weights_of(model)[1].max()) == highest
    assert quantized_network(model).to_integers().weights[1].max() == layer.weight_type.high


@pytest.mark.parametrize("digits", [1, 2])
def test_no_exported_weight_has_more_signed_digits_than_asked_for(digits: int, tmp_path: Path) -> None:
    model = _quantized(csd_digits=digits)
    model.learn(80, reset_num_timesteps=False)
    network = quantized_network(model)
    integers = network.to_integers()
    assert max(int(csd_digits(weight).max()) for weight in integers.weights) == digits
    network.save(tmp_path)
    for saved, weight in zip(
        QuantNetwork.load(tmp_path).to_integers().weights, integers.weights, strict=True
    ):
        np.testing.assert_array_equal(saved, weight)
    again = decode(Quantization, json.loads(json.dumps(encode(model.quantization))), "quantization")
    assert again == model.quantization and again.csd_digits == digits


def test_biases_lie_on_the_accumulators_grid() -> None:
    model = _quantized()
    network = quantized_network(model).to_integers()
    for layer, bias in zip(network.spec.layers, network.biases, strict=True):
        assert abs(bias).max() <= BIAS_TYPE.high, layer.name


@pytest.mark.parametrize("is_quantized", [False, True])
def test_pruned_weights_stay_zero_through_adams_momentum(is_quantized: bool) -> None:
    model = new_sac(toy_config(), seed=2)
    model.learn(400)
    if is_quantized:
        quantize(model, 400, QuantConfig())
    assert all(bool((layer.weight != 0).all()) for layer in model.layers())
    masks = [(torch.rand_like(weight) < 0.1).float() for weight in weights_of(model)]
    model.set_masks(masks)
    before = [weight.clone() for weight in weights_of(model)]
    model.learn(80, reset_num_timesteps=False)
    for weight, mask, old in zip(weights_of(model), masks, before, strict=True):
        assert not bool(weight[mask == 0].any())
        assert bool((weight[mask == 1] != old[mask == 1]).any())
    assert bool((model.actor.log_std.weight != 0).all())
