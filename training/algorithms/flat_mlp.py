"""SAC's critics on flat buffers with hand-written gradients; SB3's modules become views of them.

Small matrix products bound SAC on a CPU: the twin critics are one batched product, and Adam is one fused
kernel on one buffer. Weights lie [in, out], the transpose of torch's: products read and write them uncopied.
"""

import math
from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

_threshold_backward = torch.ops.aten.threshold_backward

Expose = Callable[[Sequence[Tensor]], list[Tensor]]


def linears_of(module: nn.Module) -> list[nn.Linear]:
    """Return the linear layers inside `module` in the order of evaluation."""
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


def parameters_of(layers: Sequence[nn.Linear]) -> list[nn.Parameter]:
    """Return weight and bias of each layer, in turn."""
    return [cast(nn.Parameter, p) for layer in layers for p in (layer.weight, layer.bias)]


class FlatParameters:
    """Parameters, gradients and Adam's moments of some modules, each in one buffer.

    `shapes` are the tensors in the buffer's layout; `expose` maps such a list to views shaped as
    `parameters`, which become those views. After `bind` so is the state of their Adam: SB3 saves and loads it
    as ever.
    """

    def __init__(
        self, parameters: Sequence[nn.Parameter], shapes: Sequence[tuple[int, ...]], expose: Expose
    ) -> None:
        self._parameters, self._shapes, self._expose = list(parameters), list(shapes), expose
        n_values = sum(math.prod(shape) for shape in shapes)
        self.flat, self.grad, self._exp_avg, self._exp_avg_sq = torch.zeros(4, n_values).unbind()
        # One counter a parameter, as SB3's file has them; they are always equal.
        self._n_steps = torch.zeros(len(self._parameters))
        self.values, self.grads = self.split(self.flat), self.split(self.grad)
        with torch.no_grad():
            for parameter, view in zip(self._parameters, expose(self.values), strict=True):
                view.copy_(parameter)
                parameter.data = view

    def split(self, flat: Tensor) -> list[Tensor]:
        """Return views of a buffer laid out as this one, one for each of the shapes."""
        sizes = [math.prod(shape) for shape in self._shapes]
        return [part.view(shape) for part, shape in zip(flat.split(sizes), self._shapes, strict=True)]

    def expose(self, flat: Tensor) -> list[Tensor]:
        """Return views of a buffer laid out as this one, shaped like the modules' parameters."""
        return self._expose(self.split(flat))

    @torch.no_grad()
    def bind(self, optimizer: torch.optim.Optimizer) -> None:
        """Take over the moments and the step count of a torch Adam and make its state views of them."""
        exp_avg, exp_avg_sq = self.expose(self._exp_avg), self.expose(self._exp_avg_sq)
        for i, parameter in enumerate(self._parameters):
            views = {"step": self._n_steps[i], "exp_avg": exp_avg[i], "exp_avg_sq": exp_avg_sq[i]}
            for name, value in optimizer.state[parameter].items():
                views[name].copy_(value)
            optimizer.state[parameter] = views

    def forget_moments(self, where: Tensor) -> None:
        """Set Adam's moments to zero where a bool buffer laid out as this one is true."""
        self._exp_avg.masked_fill_(where, 0.0)
        self._exp_avg_sq.masked_fill_(where, 0.0)

    def adam_step(self, learning_rate: float) -> None:
        """Apply one step of Adam with torch's default betas and epsilon, those of SB3."""
        self._n_steps += 1
        torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
            [self.flat],
            [self.grad],
            [self._exp_avg],
            [self._exp_avg_sq],
            [],
            [self._n_steps[0]],
            lr=learning_rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


class FlatCritics:
    """n ReLU critics (observation, action) → Q of one shape, evaluated as one batched product."""

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        layers = [linears_of(network) for network in networks]
        self._n = len(layers)
        shapes: list[tuple[int, ...]] = []
        for layer in layers[0]:
            shapes += [(self._n, layer.in_features, layer.out_features), (self._n, 1, layer.out_features)]
        parameters = parameters_of([layer for network in layers for layer in network])
        self.parameters = FlatParameters(parameters, shapes, self._expose)

    def _expose(self, views: Sequence[Tensor]) -> list[Tensor]:
        pairs = list(zip(views[0::2], views[1::2], strict=True))
        return [v for i in range(self._n) for weight, bias in pairs for v in (weight[i].t(), bias[i, 0])]

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return Q [n, batch, 1] of [batch, observation + action], and the activations for the gradients."""
        *hidden, weight, bias = self.parameters.values
        activations = [x.expand(self._n, -1, -1)]
        for hidden_weight, hidden_bias in zip(hidden[0::2], hidden[1::2], strict=True):
            activations.append(torch.baddbmm(hidden_bias, activations[-1], hidden_weight).relu_())
        # A product with one column is memory bound: multiply and sum beats bmm here.
        q = (activations[-1] * weight.transpose(1, 2)).sum(2, keepdim=True).add_(bias)
        return q, activations

    def backward(self, activations: Sequence[Tensor], d_q: Tensor) -> None:
        """Write the gradient of the parameters for dLoss/dQ [n, batch, 1]."""
        values, grads = self.parameters.values, self.parameters.grads
        delta = d_q
        for layer in reversed(range(len(activations))):
            torch.bmm(activations[layer].transpose(1, 2), delta, out=grads[2 * layer])
            torch.sum(delta, 1, keepdim=True, out=grads[2 * layer + 1])
            if layer:
                delta = self._through(values[2 * layer], delta, activations[layer])

    def backward_action(self, activations: Sequence[Tensor], d_q: Tensor, n_observation: int) -> Tensor:
        """Return dLoss/daction [batch, action], summed over the critics, for dLoss/dQ [n, batch, 1]."""
        values = self.parameters.values
        delta = d_q
        for layer in reversed(range(1, len(activations))):
            delta = self._through(values[2 * layer], delta, activations[layer])
        return torch.bmm(delta, values[0][:, n_observation:].transpose(1, 2)).sum(0)

    @staticmethod
    def _through(weight: Tensor, delta: Tensor, activation: Tensor) -> Tensor:
        back = weight.transpose(1, 2)
        product = delta * back if delta.shape[2] == 1 else torch.bmm(delta, back)
        return _threshold_backward(product, activation, 0)
