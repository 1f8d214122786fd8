"""The residual network equals Espeholt et al.'s, written down independently here."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ganglion.models.layers import Conv2d, Dense
from ganglion.models.nets.architecture import impala_resnet, skips
from ganglion.models.nets.float_network import float_network
from ganglion.models.sparsity import live_weights

SHAPE, CHANNELS, WIDTHS = (4, 15, 15), (3, 5), (7, 2)


def layers() -> list[nn.Linear | nn.Conv2d]:
    """Return random layers for it."""
    torch.manual_seed(0)
    return [
        nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1)
        if isinstance(layer, Conv2d)
        else nn.Linear(layer.n_inputs, layer.n_outputs)
        for layer in impala_resnet(SHAPE, CHANNELS, WIDTHS).layers
        if isinstance(layer, Conv2d | Dense)
    ]


def espeholt(modules: list[nn.Linear | nn.Conv2d], pixels: Tensor) -> Tensor:
    """Return what the network of the paper's Figure 3 gives, layers taken in their order."""
    x, rest = pixels / 256, iter(modules)
    for _ in CHANNELS:
        x = F.max_pool2d(next(rest)(x), 3, 2, 1)
        for _ in range(2):
            inner = F.relu(next(rest)(F.relu(x)))
            x = x + next(rest)(inner)
    hidden = F.relu(next(rest)(F.relu(x).flatten(1)))
    return next(rest)(hidden)


def test_the_float_network_is_espeholts() -> None:
    modules, pixels = layers(), torch.randint(0, 256, (6, *SHAPE)).float()
    network = float_network(modules, impala_resnet(SHAPE, CHANNELS, WIDTHS))
    with torch.no_grad():
        torch.testing.assert_close(network(pixels), espeholt(modules, pixels))


def test_weights_behind_a_skip_live_though_a_layer_beside_it_is_all_zero() -> None:
    architecture = impala_resnet(SHAPE, CHANNELS, WIDTHS)
    found = skips(architecture)
    assert found == [None, None, 0, None, 2, None, None, 5, None, 7, None, None]
    masks = [torch.ones_like(layer.weight) for layer in layers()]
    total = sum(mask.numel() for mask in masks)
    masks[1][:] = 0
    # What reads conv2's constant zeros is dead too; all else is reached beside them.
    assert live_weights(masks, skips=found) == total - masks[1].numel() - masks[2].numel()
    assert live_weights(masks) == 0
