"""An integer network as QONNX, in the one form that the compiler reads (`qonnx_reader` says which)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, ModelProto, OperatorSetIdProto, TensorProto, checker, helper, numpy_helper

from ganglion.models.build.files import atomic_write
from ganglion.models.formats.send_on_delta import state_names
from ganglion.models.layers.layer import OBSERVATION, Shape
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.types import BIAS_TYPE, IntType

QONNX_DOMAIN, QONNX_VERSION = "qonnx.custom_op.general", 2
ONNX_VERSION, IR_VERSION = 20, 10


def write_qonnx(network: IntNetwork, path: Path) -> None:
    """Write `network` to `path`: its bytes depend on nothing else."""
    atomic_write(path, qonnx_model(network).SerializeToString(deterministic=True))


def qonnx_model(network: IntNetwork) -> ModelProto:
    """Return the graph from "observation", normalized real numbers [1, *in], to the last layer's tensor.

    Tensors of activations are named after what they hold: input, fc1, fc2, ... A layer with a threshold adds
    an input and an output: what it was sent before and after (`send_on_delta`).
    """
    graph, spec = _Graph(), network.spec
    graph.activation(OBSERVATION, spec.shape(0), spec.input_type, spec.exponent(0), spec.name(0))
    for index, layer in enumerate(spec.layers):
        name, source = layer.name, spec.name(spec.source(index))
        if spec.shape(spec.source(index)) != layer.in_shape:
            source = graph.add("Flatten", [source], f"{name}.flat", (1, *layer.in_shape), axis=1)
        if layer.pre_relu:
            source = graph.add("Relu", [source], f"{name}.pre_relu", (1, *layer.in_shape))
        if threshold := spec.threshold(index):
            source = graph.send_on_delta(
                source, name, (1, *layer.in_shape), np.ldexp(threshold, layer.input_exponent)
            )
        inputs, shape = [source], (1, *layer.out_shape)
        if layer.has_weights:
            weight, bias = network.weights[index], network.biases[index]
            inputs += [
                graph.constant(f"{name}.weight", weight, layer.weight_type, layer.weight_exponent, narrow=1),
                graph.constant(f"{name}.bias", bias, BIAS_TYPE, layer.accumulator_exponent),
            ]
        acc = graph.add(layer.operators[0], inputs, f"{name}.sum", shape, **layer.attributes())
        if (residual := spec.residual(index)) is not None:
            acc = graph.add("Add", [acc, spec.name(residual)], f"{name}.residual", shape)
        if not layer.output_type.signed:
            acc = graph.add("Relu", [acc], f"{name}.relu", shape)
        graph.activation(acc, layer.out_shape, layer.output_type, layer.output_exponent, name)
    last = len(spec.layers)
    return graph.model(spec.shape(0), spec.name(last), spec.shape(last))


def checked_model(graph: GraphProto, opsets: Sequence[OperatorSetIdProto]) -> ModelProto:
    """Return the model of a graph; what onnx raises for a wrong one."""
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="ganglion")
    checker.check_model(model)
    return model


class _Graph:
    """A graph in the making."""

    def __init__(self) -> None:
        self._nodes, self._tensors, self._infos = [], [], {}
        self._states: list[tuple[str, str, Shape]] = []

    def add(
        self,
        operator: str,
        inputs: list[str],
        output: str,
        shape: Shape,
        element: int = TensorProto.FLOAT,
        **attributes: Any,
    ) -> str:
        """Add a node that gives `output` of a shape, batch included, and return that name."""
        domain = QONNX_DOMAIN if operator == "Quant" else ""
        name = f"{operator}_{output}"
        self._nodes.append(helper.make_node(operator, inputs, [output], name, domain=domain, **attributes))
        self._infos[output] = helper.make_tensor_value_info(output, element, shape)
        return output

    def constant(
        self, name: str, values: npt.NDArray[np.int64], int_type: IntType, exponent: int, narrow: int = 0
    ) -> str:
        """Add constants, integers times 2**exponent, behind the Quant that says so; return their tensor."""
        held = self._tensor(f"{name}.values", np.ldexp(values.astype(np.float64), exponent))
        inputs = [held, *self._scale(name, int_type, exponent)]
        return self.add("Quant", inputs, name, values.shape, signed=1, narrow=narrow, rounding_mode="ROUND")

    def send_on_delta(self, source: str, layer: str, shape: Shape, threshold: float) -> str:
        """Add a layer's state and the nodes that bring it up to date with `source`; return what it reads."""
        sent, sent_next = state_names(layer)
        self._states.append((sent, sent_next, shape))
        difference = self.add("Sub", [source, sent], f"{layer}.difference", shape)
        change = self.add("Abs", [difference], f"{layer}.change", shape)
        inputs = [change, self._tensor(f"{layer}.threshold", threshold)]
        changed = self.add("Greater", inputs, f"{layer}.changed", shape, TensorProto.BOOL)
        return self.add("Where", [changed, source, sent], sent_next, shape)

    def activation(self, acc: str, shape: Shape, int_type: IntType, exponent: int, name: str) -> None:
        """Add the Quant that rounds `acc` half up, with half a step before it where values are signed."""
        whole, rounding = (1, *shape), "HALF_UP"
        if int_type.signed:
            half, rounding = self._tensor(f"{name}.half_step", np.ldexp(0.5, exponent)), "FLOOR"
            acc = self.add("Add", [acc, half], f"{name}.raised", whole)
        inputs = [acc, *self._scale(name, int_type, exponent)]
        self.add("Quant", inputs, name, whole, signed=int(int_type.signed), narrow=0, rounding_mode=rounding)

    def _scale(self, name: str, int_type: IntType, exponent: int) -> list[str]:
        values = {"scale": np.ldexp(1.0, exponent), "zero_point": 0.0, "bits": float(int_type.bits)}
        return [self._tensor(f"{name}.{what}", value) for what, value in values.items()]

    def _tensor(self, name: str, values: Any) -> str:
        self._tensors.append(numpy_helper.from_array(np.asarray(values, dtype=np.float32), name))
        return name

    def model(self, in_shape: Shape, exit_: str, out_shape: Shape) -> ModelProto:
        """Return the whole model, checked."""
        entries = [(OBSERVATION, (1, *in_shape)), *((sent, shape) for sent, _, shape in self._states)]
        exits = [(exit_, (1, *out_shape)), *((after, shape) for _, after, shape in self._states)]
        heads, tails = (
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends]
            for ends in (entries, exits)
        )
        inside = [info for name, info in self._infos.items() if name not in dict(exits)]
        graph = helper.make_graph(self._nodes, "policy", heads, tails, self._tensors, value_info=inside)
        opsets = [helper.make_opsetid("", ONNX_VERSION), helper.make_opsetid(QONNX_DOMAIN, QONNX_VERSION)]
        return checked_model(graph, opsets)
