"""Policies as plain ONNX, for ONNX Runtime: float layers, and integers by MatMulInteger, bit for bit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper
from torch import nn

from ganglion.models.build.files import atomic_write
from ganglion.models.formats.qonnx_writer import IR_VERSION, ONNX_VERSION
from ganglion.models.layers.dense import dense_layers
from ganglion.models.layers.layer import OBSERVATION
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.policy import Entry
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
    graph.write(value, layers[0].in_features, layers[-1].out_features, path)


def write_integer_onnx(normalizer: Entry, network: IntNetwork, observation_features: int, path: Path) -> None:
    """Write an integer network: raw observations [batch, obs] → MEAN, equal to the reference in every bit.

    Weights and activations are held in 8 bits. Requantizing is in float32, where accumulators below 2^24
    times a power of two, half up and clipped, are exact; QLinearMatMul would round half to even. CompileError
    for layers that are not dense.
    """
    graph, spec = _Graph(), network.spec
    features = graph.constant("features", np.array(normalizer.features, np.int64))
    value = graph.add("Gather", OBSERVATION, features, axis=1)
    value = graph.add("Sub", value, graph.constant("offset", np.array(normalizer.offset, np.float32)))
    value = graph.add("Mul", value, graph.constant("gain", np.array(normalizer.gain, np.float32)))
    value = graph.rounded(value, spec.input_type)
    for layer, weight, bias in zip(dense_layers(spec.layers), network.weights, network.biases, strict=True):
        held = graph.constant(f"{layer.name}.weight", weight.T.astype(np.int8))
        value = graph.add("Cast", graph.add("MatMulInteger", value, held), to=TensorProto.FLOAT)
        value = graph.add("Add", value, graph.constant(f"{layer.name}.bias", bias.astype(np.float32)))
        scale = np.array(2.0**-layer.shift, np.float32)
        value = graph.add("Mul", value, graph.constant(f"{layer.name}.scale", scale))
        value = graph.rounded(value, layer.output_type)
    step = graph.constant("step", np.array(2.0**spec.output_exponent, np.float32))
    value = graph.add("Mul", graph.add("Cast", value, to=TensorProto.FLOAT), step)
    graph.write(value, observation_features, spec.widths[-1], path)


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

    def rounded(self, value: str, int_type: IntType) -> str:
        """Return `value` rounded half up and saturated, held in the 8 bits of `int_type`'s signedness."""
        name = f"{value}.{int_type.name}"
        half, low, high = (
            self.constant(f"{name}.{what}", np.array(number, np.float32))
            for what, number in (("half", 0.5), ("low", int_type.low), ("high", int_type.high))
        )
        value = self.add("Clip", self.add("Floor", self.add("Add", value, half)), low, high)
        return self.add("Cast", value, to=TensorProto.INT8 if int_type.signed else TensorProto.UINT8)

    def write(self, exit_: str, n_in: int, n_out: int, path: Path) -> None:
        """Write the checked graph that gives `exit_` as MEAN."""
        self._nodes.append(helper.make_node("Identity", [exit_], [MEAN]))
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ("batch", width))
            for name, width in ((OBSERVATION, n_in), (MEAN, n_out))
        ]
        graph = helper.make_graph(self._nodes, "policy", ends[:1], ends[1:], self._tensors)
        opsets = [helper.make_opsetid("", ONNX_VERSION)]
        model: ModelProto = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="ganglion"
        )
        checker.check_model(model)
        atomic_write(path, model.SerializeToString(deterministic=True))
