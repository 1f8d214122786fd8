"""An actor's network as it is deployed, pruned and seen in integers, and learnt by autograd."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganglion.models.nets.float_network import Weighted
from ganglion.models.quant.calibration import Quantization
from ganglion.training.algorithms.fixed_point import FixedPointNetwork
from ganglion.training.algorithms.port import Teacher


class DeployedMlp(nn.Module):
    """Linear layers with ReLU between them: [batch, observation] → [batch, output], before any head.

    A pruned weight is zero and has no gradient, so that no optimizer, of any order, steps along it.
    """

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.masks: list[Tensor] | None = None
        self._fixed_point: FixedPointNetwork | None = None
        for index, layer in enumerate(layers):
            layer.weight.register_hook(lambda gradient, index=index: self._masked(gradient, index))

    def forward(self, observation: Tensor) -> Tensor:
        """Return the values of the last layer."""
        if self._fixed_point is not None:
            return self._fixed_point(observation)[1]
        *hidden, last = self.layers
        for layer in hidden:
            observation = torch.relu(layer(observation))
        return last(observation)

    def act_through(self, quantization: Quantization | None) -> None:
        """Act and learn through these scales from now on; the float parameters stay."""
        self._fixed_point = None if quantization is None else FixedPointNetwork(self.linears(), quantization)
        self.constrain()

    @torch.no_grad()
    def constrain(self) -> None:
        """Keep the weights within the range of their integers: to be called after updates.

        Pruned ones are set to zero again, for TRPO, whose conjugate gradient starts from noise.
        """
        for layer, mask in zip(self.linears(), self.masks or (), strict=False):
            layer.weight.mul_(mask)
        if self._fixed_point is not None:
            self._fixed_point.clamp()

    @torch.no_grad()
    def set_masks(self, masks: Sequence[Tensor], optimizer: torch.optim.Optimizer | None) -> None:
        """Hold weights where their mask [out, in] is 0 at zero, without Adam's momentum of them."""
        self.masks = list(masks)
        self.constrain()
        if optimizer is not None:
            forget_pruned(optimizer, self.linears(), self.masks)

    def linears(self) -> list[nn.Linear]:
        """Return the layers, first to last."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]

    def weight_gradients(self, loss: Tensor) -> list[Tensor]:
        """Return the gradient of a loss by the weights [out, in], pruned ones too."""
        with self._every_weight_free():
            return list(torch.autograd.grad(loss, [layer.weight for layer in self.linears()]))

    def as_teacher(self, deviation: Tensor) -> Teacher:
        """Return the actor behind tanh that this is now, whatever becomes of it later.

        deviation: of its exploration [action], in [-1, 1].
        """
        network = copy.deepcopy(self).requires_grad_(False)

        def act(observation: Tensor, noise: Tensor) -> Tensor:
            return (torch.tanh(network(observation)) + deviation * noise).clamp(-1, 1)

        return act

    def _masked(self, gradient: Tensor, index: int) -> Tensor:
        return gradient if self.masks is None else gradient * self.masks[index]

    @contextmanager
    def _every_weight_free(self) -> Iterator[None]:
        masks, self.masks = self.masks, None
        try:
            yield
        finally:
            self.masks = masks


@torch.no_grad()
def forget_pruned(
    optimizer: torch.optim.Optimizer, layers: Sequence[Weighted], masks: Sequence[Tensor]
) -> None:
    """Set Adam's moments of the weights whose mask is 0 to zero; there are none before its first step."""
    for layer, mask in zip(layers, masks, strict=True):
        state = optimizer.state.get(layer.weight, {})
        for moment in ("exp_avg", "exp_avg_sq"):
            if moment in state:
                state[moment].mul_(mask)
