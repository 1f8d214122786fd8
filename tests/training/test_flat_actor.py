"""The hand-written actors equal the modules they stand for: forward, gradients, and what pruning promises."""

import pytest
import torch
from torch import Tensor

from models.quant import BIAS_TYPE
from models.spec import QuantConfig
from tests.training.toy import toy_config
from training.fast_sac import FastSac
from training.learner import actor_layers, actor_weights, new_learner, quantize, quantized_actor, set_masks

EXACT = {"rtol": 0.0, "atol": 0.0}


def _quantized(bits: int = 8) -> FastSac:
    model = new_learner(toy_config(hidden=(24, 16)), seed=1)
    model.learn(400)
    quantize(
        model, 400, QuantConfig(weight_bits=bits, activation_bits=bits, input_bits=bits, output_bits=bits)
    )
    return model


def _torch_sample(model: FastSac, mean: Tensor, latent: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return actions and log pi as SB3 defines them, with a graph."""
    log_std = model.actor.log_std(latent).clamp(-20, 2)
    gaussian = torch.distributions.Normal(mean, log_std.exp())
    sample = mean + log_std.exp() * noise
    action = torch.tanh(sample)
    return action, (gaussian.log_prob(sample) - torch.log(1 - action**2 + 1e-6)).sum(1)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_quantized_forward_pass_equals_brevitas_exactly(bits: int, observations: Tensor) -> None:
    model = _quantized(bits)
    network = quantized_actor(model)
    with torch.no_grad():
        forward = model.flat_actor._forward(observations)
        torch.testing.assert_close(forward.mean, network(observations), **EXACT)
        torch.testing.assert_close(forward.inputs[-1], network.body(observations), **EXACT)


def test_the_quantized_gradient_equals_brevitas(observations: Tensor) -> None:
    model = _quantized()
    network, actor = quantized_actor(model), model.flat_actor
    noise = torch.randn(len(observations), 1)
    d_action, d_log_pi = torch.randn(len(observations), 1), torch.tensor(0.3)
    model.actor.log_std.zero_grad()
    action, log_pi = _torch_sample(model, network(observations), network.body(observations), noise)
    ((action * d_action).sum() + d_log_pi * log_pi.sum()).backward()
    with torch.no_grad():
        actor.sample(observations, noise, keep=True)
        actor._backward(d_action, d_log_pi)
    first = network.linears[0]
    gain, offset = network.normalizer.gain, network.normalizer.offset
    # Raw units: normalized = (observation - offset) * gain.
    in_raw_units = first.weight.grad / torch.tensor(gain) + torch.outer(first.bias.grad, torch.tensor(offset))
    expected = [in_raw_units, first.bias.grad]
    for layer in (*network.linears[1:], model.actor.log_std):
        expected += [layer.weight.grad, layer.bias.grad]
    for got, wanted in zip(actor.parameters.expose(actor.parameters.grad), expected, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def test_a_weight_never_leaves_its_type() -> None:
    model = _quantized()
    with torch.no_grad():
        actor_weights(model)[1].fill_(100.0)
    model.flat_actor.refresh()
    layer = model.quantization.network.layers[1]
    highest = layer.weight_type.high * 2.0**layer.weight_exponent
    assert float(actor_weights(model)[1].max()) == highest
    assert quantized_actor(model).to_integers().weights[1].max() == layer.weight_type.high


def test_biases_lie_on_the_accumulators_grid() -> None:
    model = _quantized()
    network = quantized_actor(model).to_integers()
    for layer, bias in zip(network.spec.layers, network.biases, strict=True):
        assert abs(bias).max() <= BIAS_TYPE.high, layer.name


@pytest.mark.parametrize("is_quantized", [False, True])
def test_pruned_weights_stay_zero_through_adams_momentum(is_quantized: bool) -> None:
    model = new_learner(toy_config(), seed=2)
    model.learn(400)
    if is_quantized:
        quantize(model, 400, QuantConfig())
    assert all(bool((layer.weight != 0).all()) for layer in actor_layers(model))
    masks = [(torch.rand_like(weight) < 0.1).float() for weight in actor_weights(model)]
    set_masks(model, masks)
    before = [weight.clone() for weight in actor_weights(model)]
    model.learn(80, reset_num_timesteps=False)
    for weight, mask, old in zip(actor_weights(model), masks, before, strict=True):
        assert not bool(weight[mask == 0].any())
        assert bool((weight[mask == 1] != old[mask == 1]).any())
    assert bool((model.actor.log_std.weight != 0).all())
