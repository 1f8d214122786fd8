"""Kinds of layer: the convolution equals torch's; networks of many kinds hold in every link of the chain.

PixelShuffle below is a kind that the library does not know: all that it needs is said here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import onnx
import pytest
import torch
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from torch import nn
from torch.nn import functional as F  # noqa: N812

from ganglion.models.build.codec import decode, encode
from ganglion.models.build.errors import ExportError
from ganglion.models.formats.qonnx_reader import read_qonnx
from ganglion.models.formats.qonnx_writer import write_qonnx
from ganglion.models.layers import KINDS, Conv2d, Dense, Layer, register
from ganglion.models.layers.layer import Ints, Shape
from ganglion.models.liveness import live_part
from ganglion.models.nets.architecture import layer_of
from ganglion.models.nets.inference_network import InferenceNetwork
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.calibration import calibrate
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType, QuantConfig
from tests.models.layers.nets import (
    INT8,
    UINT8,
    conv,
    filled,
    inputs_of,
    pool,
    residual_network,
    resnet,
    tail,
)
from tests.networks import write_network


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelShuffle(Layer):
    """Four channels of `size` rows and columns as one of twice as many (Shi et al. 2016)."""

    torch_module: ClassVar[str] = "PixelShuffle"
    operators: ClassVar[tuple[str, ...]] = ("DepthToSpace",)

    kind: Literal["pixel_shuffle"] = "pixel_shuffle"
    size: int
    weight_type: IntType = INT8
    weight_exponent: int = 0

    @property
    def in_shape(self) -> Shape:
        return (4, self.size, self.size)

    @property
    def out_shape(self) -> Shape:
        return (1, 2 * self.size, 2 * self.size)

    @property
    def weight_shape(self) -> Shape:
        return (0,)

    def accumulate(self, x: Ints, weight: Ints, bias: Ints) -> Ints:
        rows = x.reshape(len(x), 2, 2, self.size, self.size).transpose(0, 3, 1, 4, 2)
        return rows.reshape(len(x), *self.out_shape)

    def interval(self, low: Ints, high: Ints, weight: Ints, bias: Ints) -> tuple[Ints, Ints]:
        return self.accumulate(low, weight, bias), self.accumulate(high, weight, bias)

    @staticmethod
    def geometry_of(module: Any, in_shape: Shape) -> dict[str, Any]:
        return {"size": in_shape[1]}

    def functional(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return F.pixel_shuffle(x, 2)

    def module(self) -> nn.Module:
        return nn.PixelShuffle(2)

    def attributes(self) -> dict[str, Any]:
        return {"blocksize": 2, "mode": "CRD"}

    @staticmethod
    def geometry_from_onnx(
        operator: str, attributes: Mapping[str, Any], weight: np.ndarray, in_shape: Shape
    ) -> tuple[dict[str, Any], np.ndarray]:
        return {"size": in_shape[1]}, weight


@pytest.fixture
def _pixel_shuffle() -> Iterator[None]:
    register(PixelShuffle)
    yield
    del KINDS["pixel_shuffle"]


def shuffled_network() -> IntNetwork:
    shuffle = PixelShuffle(name="shuffle", size=3, output_type=UINT8, input_exponent=0, output_exponent=0)
    return filled([conv("conv", 1, 4, 5), shuffle, tail("fc", 36, 2)])


@pytest.mark.parametrize(
    ("stride", "padding", "kernel"), [(1, 0, 3), (2, 1, 3), (4, 0, 8), (1, 2, 5), (1, 0, 1)]
)
def test_conv2d_equals_torch_in_every_integer(stride: int, padding: int, kernel: int) -> None:
    layer = conv("c", 3, 5, 12, kernel=kernel, stride=stride, padding=padding)
    network = filled([layer])
    x, weight, bias = inputs_of(network, 20), network.weights[0], network.biases[0]
    tensors = [torch.from_numpy(values) for values in (x, weight, bias)]
    expected = F.conv2d(tensors[0], tensors[1], tensors[2], stride, padding).numpy()
    got = layer.accumulate(x, weight, bias)
    assert got.shape[1:] == layer.out_shape
    np.testing.assert_array_equal(got, expected)
    low, high = layer.interval(x.min(0, keepdims=True), x.max(0, keepdims=True), weight, bias)
    assert ((low <= got) & (got <= high)).all()
    assert (np.abs(got) <= network.accumulator_bound(0)).all()


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 1, 0)])
def test_max_pool2d_equals_torch_and_padding_is_never_the_largest(
    kernel: int, stride: int, padding: int
) -> None:
    layer = pool("p", 3, 11, kernel=kernel, stride=stride, padding=padding)
    x = inputs_of(filled([layer]), 20)
    nothing = np.zeros(0, np.int64)
    expected = F.max_pool2d(torch.from_numpy(x).double(), kernel, stride, padding).long().numpy()
    got = layer.accumulate(x, nothing, nothing)
    assert got.shape[1:] == layer.out_shape and got[0].max() == -128
    np.testing.assert_array_equal(got, expected)


NETWORKS: dict[str, Callable[[], IntNetwork]] = {
    "residual": residual_network,
    "pre-activation": resnet,
    "shuffled": shuffled_network,
}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest, _pixel_shuffle: None) -> IntNetwork:
    return NETWORKS[request.param]()


def test_a_description_reads_back(network: IntNetwork) -> None:
    assert decode(NetworkSpec, encode(network.spec), "network") == network.spec


def test_brevitas_equals_the_reference_in_every_layer(network: IntNetwork) -> None:
    x = inputs_of(network, 30)
    flat = x.reshape(len(x), -1)
    actor = QuantNetwork.from_integers(_identity(flat.shape[1]), network).eval()
    with torch.no_grad():
        activations = actor.activations(torch.from_numpy(flat).float())
    for layer, got, expected in zip(network.spec.layers, activations, network.forward(x), strict=True):
        real = np.ldexp(expected.astype(np.float64), layer.output_exponent)
        np.testing.assert_array_equal(got.double().numpy(), real)
    played = InferenceNetwork(_identity(flat.shape[1]), network)(torch.from_numpy(flat).float())
    np.testing.assert_array_equal(played.numpy(), activations[-1].flatten(1).numpy())
    for got, wanted in zip(actor.to_integers().weights, network.weights, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_qonnx_reads_back_and_executes_to_the_same_integers(network: IntNetwork, tmp_path: Path) -> None:
    path = tmp_path / "policy.onnx"
    write_qonnx(network, path)
    restored = read_qonnx(path, [layer.name for layer in network.spec.layers])
    assert restored.spec == network.spec
    for got, wanted in zip(restored.weights + restored.biases, network.weights + network.biases, strict=True):
        np.testing.assert_array_equal(got, wanted)
    x = inputs_of(network, 3)
    expected = network.forward(x)
    for i, vector in enumerate(x.astype(np.float32)):
        model = ModelWrapper(str(path))
        context = execute_onnx(model, {"observation": vector[None]}, return_full_exec_context=True)
        for layer, activation in zip(network.spec.layers, expected, strict=True):
            real = np.ldexp(activation[i].astype(np.float64), layer.output_exponent)
            np.testing.assert_array_equal(context[layer.name][0], real)


def test_the_live_part_computes_the_same(network: IntNetwork) -> None:
    weights = [weight.copy() for weight in network.weights]
    weights[-1][:, :2] = 0  # nobody reads the last but one layer's first values
    pruned = replace(network, weights=tuple(weights))
    live, x = live_part(pruned), inputs_of(network, 50)
    assert live.features == tuple(range(network.spec.widths[0]))
    np.testing.assert_array_equal(live.network(x), pruned(x))


def test_only_dense_neighbours_lose_values() -> None:
    network = residual_network()
    last = network.weights[-1].copy()
    last[:, [1, 3]] = 0
    live = live_part(replace(network, weights=(*network.weights[:-1], last))).network
    assert live.spec.widths == (*network.spec.widths[:-2], 3, 2)


def test_a_policy_folder_holds_any_kind(network: IntNetwork, tmp_path: Path) -> None:
    policy = write_network(tmp_path, network)
    assert policy.spec.network == live_part(network).network.spec
    first = network.spec.layers[0]
    assert policy.golden[first.name].shape[1:] == first.out_shape


@pytest.mark.usefixtures("_pixel_shuffle")
def test_calibration_knows_a_kind_by_its_module() -> None:
    torch.manual_seed(0)
    modules = [nn.Linear(36, 36), nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2), nn.MaxPool2d(3, 2, 1)]
    scales = dict(
        weight_type=INT8, output_type=UINT8, input_exponent=0, weight_exponent=-4, output_exponent=0
    )
    convolved = layer_of(modules[1], (1, 6, 6), name="conv", **scales)
    assert isinstance(convolved, Conv2d) and convolved.out_shape == (4, 6, 6)
    assert isinstance(layer_of(modules[2], (4, 6, 6), name="x", **scales), PixelShuffle)
    pooled = layer_of(modules[3], (3, 6, 6), name="pool", **scales | {"weight_exponent": 0})
    assert pooled == pool("pool", 3, 6, output_type=UINT8)
    with pytest.raises(ExportError, match="Tanh is no layer here; known: conv2d, dense, max_pool2d, pixel_s"):
        layer_of(nn.Tanh(), (3,), name="x", **scales)
    dense = calibrate(modules[:1], torch.randn(50, 36).numpy(), QuantConfig())
    assert isinstance(dense.network.layers[0], Dense)


def test_an_unknown_kind_is_named_with_the_known_ones() -> None:
    value = encode(residual_network().spec)
    value["layers"][1]["kind"] = "pixel_shuffle"
    with pytest.raises(ExportError, match=r"network: conv2: unknown kind 'pixel_shuffle'; known: conv2d, "):
        decode(NetworkSpec, value, "network")


def test_a_layer_of_a_shipped_policy_needs_no_kind() -> None:
    value = encode(tail("fc1", 3, 2))
    for key in ("kind", "source", "residual"):
        del value[key]
    assert decode(Layer, value, "layer") == tail("fc1", 3, 2)


@pytest.mark.parametrize(
    ("index", "changes", "message"),
    [
        (1, {"source": "conv9"}, "conv2: reads conv9, which is no layer before it"),
        (1, {"source": "conv3"}, "conv2: reads conv3, which is no layer before it"),
        (1, {"source": "conv1"}, "conv2: conv1 is the layer before, which is no source to name"),
        (1, {"source": "input"}, "conv2: reads 4 x 6 x 6 values, but input has 2 x 6 x 6"),
        (1, {"residual": "input"}, "conv2: residual input has 2 x 6 x 6 values, the layer 4 x 6 x 6"),
        (1, {"input_exponent": 1, "weight_exponent": -5}, r"conv2: input scale 2\^1 differs from conv1's"),
        (2, {"stride": 4}, "conv3: stride 4, padding 0; allowed"),
        (2, {"kernel": 7}, "conv3: kernel 7 does not fit 6 x 6"),
        (2, {"in_channels": 5000}, r"conv3: shape \[5000, 6, 6\] has a size outside 1 to 4096"),
        (2, {"name": "conv1"}, "conv1: two layers of this name"),
        (3, {"in_features": 13}, "fc1: reads 13 values, but conv3 has 3 x 2 x 2"),
        (3, {"weight_exponent": 10**9}, r"fc1: weight_exponent = 1000000000 is outside ±64"),
    ],
)
def test_what_does_not_chain_is_named(index: int, changes: dict[str, Any], message: str) -> None:
    value = encode(residual_network().spec)
    value["layers"][index] |= changes
    with pytest.raises(ExportError, match=message):
        decode(NetworkSpec, value, "network")


def test_a_fork_without_its_quant_is_refused(tmp_path: Path) -> None:
    write_qonnx(residual_network(), tmp_path / "policy.onnx")
    model = onnx.load(tmp_path / "policy.onnx")
    add = next(node for node in model.graph.node if node.op_type == "Add" and "conv1" in node.input)
    add.input[1] = "conv1.sum"
    onnx.save(model, tmp_path / "policy.onnx")
    with pytest.raises(ExportError, match=r"conv1.sum, inside a layer, is read by Relu node .*, Add node"):
        read_qonnx(tmp_path / "policy.onnx")


def _identity(width: int) -> Normalizer:
    return Normalizer(features=tuple(range(width)), offset=(0.0,) * width, gain=(1.0,) * width)
