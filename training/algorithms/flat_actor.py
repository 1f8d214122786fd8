"""SAC's actor on a flat buffer with a hand-written gradient: plain, or through the fixed-point scheme."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from stable_baselines3.sac.policies import Actor
from torch import Tensor, nn

from ganglion.models.quant.calibration import Quantization
from ganglion.models.quant.quantizers import BIAS_TYPE, fake_quantize, quantize_weight
from ganglion.training.algorithms.flat_mlp import FlatParameters, linears_of, parameters_of

_threshold_backward = torch.ops.aten.threshold_backward
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_LOG_STD_MIN, _LOG_STD_MAX = -20.0, 2.0
_TANH_EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """One evaluation of the actor's layers and what their gradient needs."""

    inputs: list[Tensor]
    """What enters each layer, in the units of the float weights: [batch, in]."""
    gates: list[Tensor]
    """For each hidden layer [batch, out]: positive where the gradient passes."""
    mean: Tensor
    """[batch, action], before tanh."""
    mean_passes: Tensor | None
    """[batch, action] 0/1 where the mean's gradient passes; None: everywhere."""
    raw_log_std: Tensor
    """[batch, action], before it is clamped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    forward: Forward
    std: Tensor
    noise: Tensor
    action: Tensor


class FlatActor:
    """SB3's squashed Gaussian ReLU actor: [batch, observation] → tanh(mean + std * noise) [batch, action]."""

    def __init__(self, actor: Actor) -> None:
        hidden = linears_of(actor.latent_pi)
        mean, log_std = cast(nn.Linear, actor.mu), cast(nn.Linear, actor.log_std)
        self._n_action = mean.out_features
        shapes: list[tuple[int, ...]] = []
        for layer in hidden:
            shapes += [(layer.in_features, layer.out_features), (layer.out_features,)]
        # The mean and log_std are one product.
        shapes += [(mean.in_features, 2 * self._n_action), (2 * self._n_action,)]
        self.parameters = FlatParameters(parameters_of([*hidden, mean, log_std]), shapes, self._expose)
        self.parameters.bind(actor.optimizer)
        # What the layers multiply by: the parameters themselves, or their quantized copies.
        self._weights = self.parameters.values
        self._mask: Tensor | None = None
        self._sample: _Sample | None = None

    def _expose(self, views: Sequence[Tensor]) -> list[Tensor]:
        *hidden, weight, bias = views
        n = self._n_action
        hidden = [v.t() if v.dim() == 2 else v for v in hidden]
        return [*hidden, weight[:, :n].t(), bias[:n], weight[:, n:].t(), bias[n:]]

    def sample(self, observation: Tensor, noise: Tensor, *, keep: bool) -> tuple[Tensor, Tensor]:
        """Return actions in [-1, 1] [batch, action] and log pi [batch]; `keep` what `step` needs."""
        forward = self._forward(observation)
        log_std = forward.raw_log_std.clamp(_LOG_STD_MIN, _LOG_STD_MAX)
        std = log_std.exp()
        action = torch.tanh(forward.mean + std * noise)
        # As SB3's squashed Gaussian computes it, epsilon included.
        log_pi = (
            -0.5 * noise * noise - log_std - _HALF_LOG_2PI - torch.log(1 - action * action + _TANH_EPSILON)
        )
        if keep:
            self._sample = _Sample(forward=forward, std=std, noise=noise, action=action)
        return action, log_pi.sum(1)

    def step(self, d_action: Tensor, d_log_pi: Tensor, learning_rate: float) -> None:
        """Take one step of Adam for dLoss/daction [batch, action] and scalar dLoss/dlog pi of the sample."""
        self._backward(d_action, d_log_pi)
        self.parameters.adam_step(learning_rate)
        self.refresh()

    def gradients(self, d_action: Tensor, d_log_pi: Tensor) -> list[Tensor]:
        """Return dLoss/dweight [out, in] of hidden layers and mean, for pruned weights as well; step nothing.

        d_action and d_log_pi are those of `step`, for the latest sample.
        """
        self._backward(d_action, d_log_pi)
        return [gradient.clone() for gradient in self._pruned_views(self.parameters.grad)]

    @property
    def masks(self) -> list[Tensor] | None:
        """The masks [out, in] of hidden layers and mean, or None while every weight is free."""
        return None if self._mask is None else self._pruned_views(self._mask)

    def set_masks(self, masks: Sequence[Tensor]) -> None:
        """Hold weights of hidden layers and mean where their mask [out, in] is 0 at zero from now on.

        A weight that was held before starts at zero, without the momentum that its gradients left in Adam.
        """
        before = self._mask
        self._mask = torch.ones_like(self.parameters.flat)
        for view, mask in zip(self._pruned_views(self._mask), masks, strict=True):
            view.copy_(mask)
        if before is not None:
            self.parameters.forget_moments(self._mask > before)
        self.refresh()

    def _pruned_views(self, flat: Tensor) -> list[Tensor]:
        """Return views [out, in] of the weights that may be pruned: all but those of log_std."""
        return self.parameters.expose(flat)[0:-2:2]

    def refresh(self) -> None:
        """Make what derives from the parameters follow a change of them: pruned weights are zero again."""
        if self._mask is not None:
            self.parameters.flat.mul_(self._mask)

    def _forward(self, observation: Tensor) -> Forward:
        *hidden, weight, bias = self._weights
        activations = [observation]
        for hidden_weight, hidden_bias in zip(hidden[0::2], hidden[1::2], strict=True):
            activations.append(torch.addmm(hidden_bias, activations[-1], hidden_weight).relu_())
        mean, raw_log_std = torch.addmm(bias, activations[-1], weight).split(self._n_action, 1)
        return Forward(
            inputs=activations, gates=activations[1:], mean=mean, mean_passes=None, raw_log_std=raw_log_std
        )

    def _backward(self, d_action: Tensor, d_log_pi: Tensor) -> None:
        assert self._sample is not None
        s, self._sample = self._sample, None
        forward = s.forward
        slope = 1 - s.action * s.action
        d_mean = (d_action + d_log_pi * 2 * s.action / (slope + _TANH_EPSILON)) * slope
        inside = (forward.raw_log_std > _LOG_STD_MIN) & (forward.raw_log_std < _LOG_STD_MAX)
        d_raw_log_std = (d_mean * s.noise * s.std - d_log_pi) * inside
        if forward.mean_passes is not None:
            d_mean = d_mean * forward.mean_passes
        delta = torch.cat([d_mean, d_raw_log_std], 1)
        grads = self.parameters.grads
        for layer in reversed(range(len(forward.inputs))):
            torch.mm(forward.inputs[layer].t(), delta, out=grads[2 * layer])
            torch.sum(delta, 0, out=grads[2 * layer + 1])
            if layer:
                delta = _threshold_backward(delta @ self._weights[2 * layer].t(), forward.gates[layer - 1], 0)


class FlatQuantActor(FlatActor):
    """The same actor through the fixed-point scheme: `QuantNetwork`'s forward pass, bit for bit.

    The parameters stay those of the float actor, in units of raw observations, so that Adam's step means what
    it meant before. Rounding has the straight-through gradient (Bengio et al. 2013, arXiv:1308.3432),
    saturation none; a weight that reaches the end of its type stays there.
    """

    def __init__(self, actor: Actor, quantization: Quantization) -> None:
        super().__init__(actor)
        self._spec, self._csd_digits = quantization.network, quantization.csd_digits
        normalizer = quantization.normalizer
        self._offset, self._gain = torch.tensor(normalizer.offset), torch.tensor(normalizer.gain)
        self._weights = self.parameters.split(torch.zeros_like(self.parameters.flat))
        self.refresh()

    def refresh(self) -> None:
        """Apply the masks, clamp the weights to their type's range and quantize them and the biases."""
        super().refresh()
        n, float_layers = self._n_action, self._deployed(self.parameters.values)
        for index, (layer, (weight, bias), (quant_weight, quant_bias)) in enumerate(
            zip(self._spec.layers, float_layers, self._deployed(self._weights), strict=True)
        ):
            # The normalizer's inverse is folded into the first layer (see QuantNetwork.from_float).
            unit = self._gain.unsqueeze(1) if index == 0 else torch.ones(1)
            limit = layer.weight_type.high * 2.0**layer.weight_exponent * unit
            torch.clamp(weight, -limit, limit, out=weight)
            folded = bias + self._offset @ weight if index == 0 else bias
            exponent = layer.weight_exponent
            quant_weight.copy_(quantize_weight(weight / unit, layer.weight_type, exponent, self._csd_digits))
            quant_bias.copy_(fake_quantize(folded, BIAS_TYPE, layer.accumulator_exponent))
        for kind in (-2, -1):  # weight and bias of log_std, which is not deployed
            self._weights[kind][..., n:] = self.parameters.values[kind][..., n:]

    def _deployed(self, views: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Return weight [in, out] and bias [out] of the hidden layers and the mean."""
        *hidden, weight, bias = views
        n = self._n_action
        return [*zip(hidden[0::2], hidden[1::2], strict=True), (weight[:, :n], bias[:n])]

    def _forward(self, observation: Tensor) -> Forward:
        spec, n = self._spec, self._n_action
        normalized = (observation - self._offset) * self._gain
        activation = fake_quantize(normalized, spec.input_type, 0)
        # The first layer's weights are in raw units: so is the observation that their gradient meets.
        inputs, gates = [activation / self._gain + self._offset], []
        for index, layer in enumerate(spec.layers[:-1]):
            before = torch.addmm(self._weights[2 * index + 1], activation, self._weights[2 * index])
            top = (layer.output_type.high + 0.5) * 2.0**layer.output_exponent
            gates.append(before.masked_fill(before >= top, 0.0))
            activation = fake_quantize(before, layer.output_type, layer.output_exponent)
            inputs.append(activation)
        raw_mean, raw_log_std = torch.addmm(self._weights[-1], activation, self._weights[-2]).split(n, 1)
        last = spec.layers[-1]
        low, high = last.output_type.low - 0.5, last.output_type.high + 0.5
        step = 2.0**last.output_exponent
        passes = (raw_mean >= low * step) & (raw_mean < high * step)
        mean = fake_quantize(raw_mean, last.output_type, last.output_exponent)
        return Forward(inputs=inputs, gates=gates, mean=mean, mean_passes=passes, raw_log_std=raw_log_std)
