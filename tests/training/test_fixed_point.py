"""The network of quantization-aware training: where its gradient passes, and in what it is multiplied."""

import pytest
import torch
from torch import Tensor, nn

from ganglion.models.layers import Dense
from ganglion.models.quant.calibration import Quantization
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType, QuantConfig
from ganglion.training.algorithms.dqn import new_dqn
from ganglion.training.algorithms.fixed_point import FixedPointNetwork
from ganglion.training.learner import quantize
from tests.training.toy import frames_config

INT8 = IntType(bits=8, signed=True)


@pytest.mark.parametrize(("signed", "passing"), [(True, range(-17, 15)), (False, range(1, 31))])
def test_the_gradient_passes_between_the_ends_of_an_activations_range(signed: bool, passing: range) -> None:
    layer = nn.Linear(1, 1)
    nn.init.ones_(layer.weight)
    dense = Dense(
        name="fc1",
        in_features=1,
        out_features=1,
        weight_type=INT8,
        output_type=IntType(bits=4, signed=signed),
        input_exponent=0,
        weight_exponent=0,
        output_exponent=1,
    )
    network = FixedPointNetwork(
        [layer],
        Quantization(
            normalizer=Normalizer(features=(0,), offset=(0.0,), gain=(1.0,)),
            network=NetworkSpec(input_type=INT8, layers=(dense,)),
        ),
    )
    for accumulator in range(-40, 41):
        nn.init.zeros_(layer.bias)
        (gradient,) = torch.autograd.grad(network(torch.tensor([[float(accumulator)]]))[1], layer.bias)
        assert gradient.item() == (accumulator in passing), accumulator


@pytest.mark.parametrize("kind", ["nature_cnn", "resnet"])
def test_bfloat16_changes_no_value_and_gradients_by_its_rounding(kind: str) -> None:
    model = new_dqn(frames_config(dqn={"network": kind}), 0)
    model.learn(40)
    quantize(model, 50, QuantConfig())
    assert model.quantization is not None
    pixels = torch.randint(0, 256, (32, 2, 36, 36), dtype=torch.uint8)
    wanted = torch.randn(32, 3)

    def outputs_and_gradients(*, bfloat16: bool) -> tuple[Tensor, list[Tensor]]:
        network = FixedPointNetwork(model.layers(), model.quantization, bfloat16=bfloat16)  # type: ignore[arg-type]
        outputs = network(pixels)[1]
        loss = (outputs - wanted).square().mean()
        return outputs, list(torch.autograd.grad(loss, [layer.weight for layer in model.layers()]))

    exact, rounded = outputs_and_gradients(bfloat16=False), outputs_and_gradients(bfloat16=True)
    assert torch.equal(exact[0], rounded[0])
    for ours, theirs in zip(rounded[1], exact[1], strict=True):
        assert 0 < (ours - theirs).norm() < 0.02 * theirs.norm()
