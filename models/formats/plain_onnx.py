"""Policies as plain ONNX, for ONNX Runtime: float dense layers, and integers bit for bit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ganglion.models.build.errors import CompileError
from ganglion.models.build.files import atomic_write
from ganglion.models.formats.qonnx_writer import ONNX_VERSION, checked_model
from ganglion.models.layers import Conv2d, Dense, Layer
from ganglion.models.layers.layer import OBSERVATION, Ints, Shape
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.policy import Entry, Normalizer, Pixels
from ganglion.models.spec.types import IntType

MEAN = "mean"
"""The output: [batch, act] float32, the mean action before tanh."""


def write_float_onnx(layers: Sequence[nn.Linear], path: Path) -> None:
    """Write dense layers with ReLU between: raw observations [batch, obs] → MEAN."""
    graph, value = _Graph(), OBSERVATION
    for index, layer in enumerate(layers):
        name = f"fc{index + 1}"
        held = [graph.constant(f"{name}.weight", layer.weight.detach().numpy())]
        held += [graph.constant(f"{name}.bias", layer.bias.detach().numpy())]
        value = graph.add("Gemm", value, *held, transB=1)
        value = graph.add("Relu", value) if index + 1 < len(layers) else value
    graph.write(value, (layers[0].in_features,), layers[-1].out_features, path)


def write_integer_onnx(normalizer: Entry, network: IntNetwork, observation_features: int, path: Path) -> None:
    """Write an integer network: raw observations [batch, obs] → MEAN, equal to the reference in every bit.

    Pixels are read as [batch, frames, rows, columns] uint8. Weights and activations are held in 8 bits, but
    kernels, which ONNX Runtime multiplies four times as fast in float32: accumulators below 2^24 are exact
    there. So is requantizing, times a power of two, half up and clipped; QLinearMatMul would round half to
    even. CompileError for layers that are neither convolutions nor dense, one after the other.
    """
    graph, spec = _Graph(), network.spec
    _require_chain(spec.layers)
    value, entering, kind = OBSERVATION, (observation_features,), TensorProto.FLOAT
    if isinstance(normalizer, Pixels):
        entering, kind = normalizer.shape, TensorProto.UINT8
    else:
        value = graph.rounded(graph.normalized(value, normalizer), spec.input_type)
    shape = entering
    for layer, weight, bias in zip(spec.layers, network.weights, network.biases, strict=True):
        if isinstance(layer, Conv2d):
            value, shape = graph.convolved(value, layer, weight), layer.out_shape
            bias = bias[:, None, None]
        else:
            value = value if len(shape) == 1 else graph.add("Flatten", value, axis=1)
            value, shape = graph.multiplied(value, layer, weight), layer.out_shape
        value = graph.add("Add", value, graph.constant(f"{layer.name}.bias", bias.astype(np.float32)))
        scale = np.array(2.0**-layer.shift, np.float32)
        value = graph.add("Mul", value, graph.constant(f"{layer.name}.scale", scale))
        value = graph.rounded(value, layer.output_type)
    step = graph.constant("step", np.array(2.0**spec.output_exponent, np.float32))
    value = graph.add("Mul", graph.add("Cast", value, to=TensorProto.FLOAT), step)
    graph.write(value, entering, spec.widths[-1], path, kind)


def _require_chain(layers: Sequence[Layer]) -> None:
    for layer in layers:
        if not isinstance(layer, Conv2d | Dense) or layer.residual is not None or layer.pre_relu:
            raise CompileError(
                f"{layer.name} is a {layer.kind} layer of a residual network; plain ONNX is written of "
                "convolutions and dense layers, one after the other"
            )


class _Graph:
    """A graph in the making: a chain of nodes, and its constants."""

    def __init__(self) -> None:
        self._nodes, self._tensors = [], []

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        """Add a constant and return its name."""
        self._tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of what it gives."""
        output = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def normalized(self, value: str, normalizer: Normalizer) -> str:
        """Return the observation's features, less their offset and times their gain."""
        features = self.constant("features", np.array(normalizer.features, np.int64))
        value = self.add("Gather", value, features, axis=1)
        value = self.add("Sub", value, self.constant("offset", np.array(normalizer.offset, np.float32)))
        return self.add("Mul", value, self.constant("gain", np.array(normalizer.gain, np.float32)))

    def convolved(self, value: str, layer: Conv2d, weight: Ints) -> str:
        """Return the sums of a convolution before its bias, in float32."""
        kernels = self.constant(f"{layer.name}.weight", weight.astype(np.float32))
        return self.add("Conv", self.add("Cast", value, to=TensorProto.FLOAT), kernels, **layer.attributes())

    def multiplied(self, value: str, layer: Layer, weight: Ints) -> str:
        """Return the sums of a dense layer before its bias, in float32."""
        held = self.constant(f"{layer.name}.weight", weight.T.astype(np.int8))
        return self.add("Cast", self.add("MatMulInteger", value, held), to=TensorProto.FLOAT)

    def rounded(self, value: str, int_type: IntType) -> str:
        """Return `value` rounded half up and saturated, held in 8 bits, or 16, of `int_type`'s signedness."""
        name = f"{value}.{int_type.name}"
        half, low, high = (
            self.constant(f"{name}.{what}", np.array(number, np.float32))
            for what, number in (("half", 0.5), ("low", int_type.low), ("high", int_type.high))
        )
        value = self.add("Clip", self.add("Floor", self.add("Add", value, half)), low, high)
        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(int_type.dtype))

    def write(self, exit_: str, shape: Shape, n_out: int, path: Path, kind: Any = TensorProto.FLOAT) -> None:
        """Write the checked graph that reads observations of `shape` and gives `exit_` as MEAN."""
        self._nodes.append(helper.make_node("Identity", [exit_], [MEAN]))
        ends = [
            helper.make_tensor_value_info(OBSERVATION, kind, ("batch", *shape)),
            helper.make_tensor_value_info(MEAN, TensorProto.FLOAT, ("batch", n_out)),
        ]
        graph = helper.make_graph(self._nodes, "policy", ends[:1], ends[1:], self._tensors)
        model = checked_model(graph, [helper.make_opsetid("", ONNX_VERSION)])
        atomic_write(path, model.SerializeToString(deterministic=True))
