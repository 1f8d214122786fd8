"""Dynamic post-training quantization: near the float network, a vector by itself, and no hardware."""

import pytest
import torch
from torch import nn

from ganglion.models.build.errors import ExportError
from ganglion.models.nets.float_network import float_network
from ganglion.models.quant.dynamic import DynamicNetwork
from ganglion.models.quant.schemes import Scheme


@pytest.fixture
def layers() -> list[nn.Linear]:
    torch.manual_seed(5)
    return [nn.Linear(4, 32), nn.Linear(32, 16), nn.Linear(16, 2)]


@torch.no_grad()
def test_a_vectors_output_depends_on_no_other_vector(layers: list[nn.Linear]) -> None:
    network, obs = DynamicNetwork(layers), torch.randn(20, 4)
    obs[0] *= 1000  # would take every step from the others, were the range the batch's
    outputs, wanted = network(obs), float_network(layers)(obs)
    for vector, output in zip(obs, outputs, strict=True):
        assert torch.equal(network(vector[None])[0], output)
    error = (outputs - wanted)[1:].abs().max() / wanted[1:].abs().max()
    assert 0 < error < 0.03


def test_dynamic_scales_have_no_integers_to_export(layers: list[nn.Linear]) -> None:
    with pytest.raises(ExportError, match="ptdq has no hardware: .*; ptsq, .*, has"):
        DynamicNetwork(layers).to_integers()
    assert [scheme for scheme in Scheme if scheme.is_static] == [Scheme.PTSQ, Scheme.QAT]
