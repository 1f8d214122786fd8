"""policy.onnx read back into integers: whatever QONNX graph means one of our networks exactly.

A layer is its kind's node and what follows it, up to the Quant node that makes activations:

    kind's node → Add(bias)? → Add(residual)? → Relu? → Add(half a step)? → Quant

A layer that reads through a ReLU (`pre_relu`) has a Relu before its own node, which others may share.
A layer with a threshold has more nodes before its own (`send_on_delta`), and its state at the graph's ends.
The graph begins with such a Quant of the normalized observation. Weights and biases are constants, weights
behind a Quant. Rounding is half up: QONNX's HALF_UP rounds ties away from zero, which is half up for unsigned
values; a signed tensor says it as half a step added before a FLOOR.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, numpy_helper

from ganglion.models.build.errors import ExportError, first_line
from ganglion.models.formats.quant_node import Quant, attributes_of, exponent_of, named, on_grid, read_quant
from ganglion.models.formats.send_on_delta import SendOnDelta, read_send_on_delta
from ganglion.models.layers import KINDS, Layer
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType

RESHAPES = ("Flatten", "Reshape")
ONNX_DOMAINS = ("", "ai.onnx")
NO_WEIGHTS = (
    np.zeros(0, dtype=np.float32),
    Quant(exponent=0, int_type=IntType(bits=8, signed=True), narrow=True, rounding="ROUND"),
)
"""Weights of a kind that has none, and their type and scale."""
OLDEST_OPSET = 7
"""The first in which Add and Gemm broadcast as they do now."""


def read_qonnx(path: Path, names: Sequence[str] = ()) -> IntNetwork:
    """Return the integer network in a QONNX file; ExportError, one line, for what does not mean one exactly.

    names: of the layers, in order; fc1, fc2, ... where there are none.
    """
    try:
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model, full_check=False)
        reader = _Reader(model.graph, names)
    except FileNotFoundError:
        raise ExportError(f"{path} is missing") from None
    except Exception as error:  # protobuf, onnx and numpy raise unrelated types for a damaged file
        raise ExportError(f"{path}: not a readable ONNX file: {first_line(error)}") from None
    with _naming(str(path)):
        _check_opset(model)
        return reader.network()


def _check_opset(model: onnx.ModelProto) -> None:
    newest = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in ONNX_DOMAINS and not OLDEST_OPSET <= opset.version <= newest:
            raise ExportError(
                f"opset {opset.version}, whose operators are unknown; expected {OLDEST_OPSET} to {newest}"
            )


@contextmanager
def _naming(where: str) -> Iterator[None]:
    try:
        yield
    except ExportError as error:
        raise ExportError(f"{where}: {error}") from None


class _Reader:
    """Reads the graph's nodes in their order, a layer at a time."""

    def __init__(self, graph: onnx.GraphProto, names: Sequence[str]) -> None:
        self._names = names
        self._constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant":
                self._constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self._nodes = [node for node in graph.node if not self._is_constant_node(node)]
        self._producers = {name: node for node in graph.node for name in node.output}
        entries = [entry for entry in graph.input if entry.name not in self._constants]
        self._ends = [entry.name for entry in entries], [exit_.name for exit_ in graph.output]
        dims = entries[0].type.tensor_type.shape.dim if entries else []
        self._entry_shape = tuple(dim.dim_value for dim in dims[1:])
        self._boundaries: dict[str, int] = {}
        self._rectified: set[str] = set()
        self._held: dict[str, SendOnDelta] = {}
        self._layers: list[Layer] = []
        self._tensor = ""

    def network(self) -> IntNetwork:
        """Return the whole network."""
        entries, exits = self._ends
        if not entries or len(exits) != len(entries):
            raise ExportError(
                "expected a graph of one input and one output, and as many more of both as states"
            )
        self._tensor = entries[0]
        first = self._activation()
        self._boundaries[self._tensor] = 0
        input_exponent, weights, biases, thresholds = first.exponent, [], [], []
        while self._nodes:
            node = self._nodes[0]
            if not node.input or node.input[0] not in self._boundaries:
                raise ExportError(f"unsupported: {named(node)} does not read a layer's values first")
            if node.op_type in (*RESHAPES, "Relu"):
                self._follow(node)
                self._boundaries[self._tensor] = self._boundaries[node.input[0]]
                if node.op_type == "Relu" or node.input[0] in self._rectified:
                    self._rectified.add(self._tensor)
                continue
            if held := read_send_on_delta(node.input[0], self._nodes, self._constants):
                self._hold(held, node.input[0])
                continue
            thresholds.append(self._threshold(node.input[0], input_exponent))
            weight, bias = self._layer(node, input_exponent)
            weights.append(weight)
            biases.append(bias)
            self._boundaries[self._tensor] = len(self._layers)
        if self._boundaries.get(exits[0]) != len(self._layers):
            raise ExportError(f"the output {exits[0]} is not what the last layer gives")
        states = {(each.sent, each.sent_next) for each in self._held.values()}
        if states != set(zip(entries[1:], exits[1:], strict=True)):
            raise ExportError("the inputs and outputs behind the first are not those of the layers' states")
        spec = NetworkSpec(
            input_type=first.int_type,
            layers=tuple(self._layers),
            thresholds=tuple(thresholds) if any(thresholds) else None,
        )
        return IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))

    def _hold(self, held: SendOnDelta, tensor: str) -> None:
        """Consume the nodes of a state; what it holds is read as the values of `tensor`."""
        for node in held.nodes:
            self._follow(node)
        self._boundaries[held.sent_next] = self._boundaries[tensor]
        if tensor in self._rectified:
            self._rectified.add(held.sent_next)
        self._held[held.sent_next] = held

    def _threshold(self, tensor: str, input_exponent: int) -> int:
        """Return the threshold of what a layer reads, in steps of its grid; 0 if it has none."""
        if tensor not in self._held:
            return 0
        source = self._boundaries[tensor]
        exponent = self._layers[source - 1].output_exponent if source else input_exponent
        held = np.array([self._held[tensor].threshold])
        return int(on_grid(f"{tensor}: threshold", held, exponent)[0])

    def _layer(self, node: NodeProto, input_exponent: int) -> tuple[np.ndarray, np.ndarray]:
        """Append the layer that begins with `node`, and return its weights and biases."""
        number, source = len(self._layers), self._boundaries[node.input[0]]
        if self._names and number == len(self._names):
            raise ExportError(f"more layers than the {number} that policy.json describes")
        name = self._names[number] if self._names else f"fc{number + 1}"
        before = self._layers[source - 1] if source else None
        kind = next((kind for kind in KINDS.values() if node.op_type in kind.operators), None)
        if kind is None or node.domain not in ONNX_DOMAINS:
            known = sorted(operator for kind in KINDS.values() for operator in kind.operators)
            raise ExportError(f"unsupported: {named(node)}; expected {' or '.join(known)}")
        self._follow(node)
        values, quant = self._quantized_constant(node.input[1]) if len(node.input) > 1 else NO_WEIGHTS
        attributes = attributes_of(node)
        alpha, beta = attributes.pop("alpha", 1.0), attributes.pop("beta", 1.0)
        with _naming(named(node)):
            in_shape = before.out_shape if before else self._entry_shape
            geometry, weight = kind.geometry_from_onnx(node.op_type, attributes, values, in_shape)
        bias_name = node.input[2] if len(node.input) > 2 else None
        if len(node.input) == 2:
            bias_name = self._take_added(self._is_constant)
        residual = self._take_added(lambda tensor: tensor in self._boundaries.keys() - self._rectified)
        output = self._activation()
        layer = kind(
            **geometry,
            name=name,
            weight_type=quant.int_type,
            output_type=output.int_type,
            input_exponent=before.output_exponent if before else input_exponent,
            weight_exponent=quant.exponent + exponent_of(f"{named(node)}: alpha", alpha),
            output_exponent=output.exponent,
            source=None if source == number else self._name(source),
            residual=None if residual is None else self._name(self._boundaries[residual]),
            pre_relu=node.input[0] in self._rectified,
        )
        self._layers.append(layer)
        return on_grid(f"{name}: weights", weight, quant.exponent), self._bias(layer, bias_name, beta)

    def _bias(self, layer: Layer, name: str | None, beta: float) -> np.ndarray:
        if not name:
            return np.zeros(layer.weight_shape[0], dtype=np.int64)
        values = self._constants[name] if name in self._constants else self._quantized_constant(name)[0]
        flat = values.reshape(-1) * beta if values.dtype.kind == "f" else values
        if flat.size == 1:
            flat = np.repeat(flat, layer.weight_shape[0])
        return on_grid(f"{layer.name}: biases", flat, layer.accumulator_exponent)

    def _activation(self) -> Quant:
        """Consume what makes activations of accumulators, and return its Quant."""
        has_relu = self._consumers()[0].op_type == "Relu" if self._consumers() else False
        if has_relu:
            self._take("Relu")
        half = self._half_step()
        if half is not None:
            self._take("Add")
        node = self._take("Quant")
        quant = read_quant(node, self._constants)
        if quant.narrow or (has_relu and quant.int_type.signed):
            raise ExportError(f"{named(node)}: an activation is not narrow, and unsigned after a Relu")
        wanted = ("FLOOR",) if half is not None else () if quant.int_type.signed else ("HALF_UP",)
        if quant.rounding not in wanted or (half is not None and half != math.ldexp(0.5, quant.exponent)):
            raise ExportError(
                f"{named(node)}: rounding_mode {quant.rounding} is not half up here; expected HALF_UP for "
                "unsigned values, or half a step added before FLOOR"
            )
        return quant

    def _half_step(self) -> float | None:
        """Return the scalar that the next node adds before a Quant, None when there is no such node."""
        consumers = self._consumers()
        if not consumers or consumers[0].op_type != "Add":
            return None
        added = [self._constants[name] for name in consumers[0].input if name in self._constants]
        following = [node.op_type for node in self._nodes if consumers[0].output[0] in node.input]
        if not added or added[0].size != 1 or added[0].dtype.kind != "f" or following != ["Quant"]:
            return None
        return float(added[0].reshape(()))

    def _take_added(self, is_wanted: Any) -> str | None:
        """Consume an Add of a tensor that is wanted, unless it is a half step; return its name."""
        consumers = self._consumers()
        if not consumers or consumers[0].op_type != "Add" or self._half_step() is not None:
            return None
        added = next((name for name in consumers[0].input if name != self._tensor and is_wanted(name)), None)
        if added is not None:
            self._take("Add")
        return added

    def _quantized_constant(self, name: str) -> tuple[np.ndarray, Quant]:
        """Return the values of a constant behind a Quant node, which must leave them as they are."""
        node = self._producers.get(name)
        if node is None or node.op_type != "Quant" or node.input[0] not in self._constants:
            raise ExportError(f"{name}: expected a constant behind a Quant node")
        values, quant = self._constants[node.input[0]], read_quant(node, self._constants)
        if values.dtype.kind != "f":
            raise ExportError(f"{name}: {values.dtype} values, expected real numbers")
        lowest = -quant.int_type.high if quant.narrow else quant.int_type.low
        ints = np.ldexp(values.astype(np.float64), -quant.exponent)
        if outside := ints[(ints < lowest) | (ints > quant.int_type.high)].tolist():
            raise ExportError(
                f"{name}: {outside[0]:g} is outside its Quant's range [{lowest}, {quant.int_type.high}], "
                "which clips it; rescale"
            )
        return values, quant

    def _is_constant(self, name: str) -> bool:
        producer = self._producers.get(name)
        return name in self._constants or (producer is not None and self._is_constant_node(producer))

    def _is_constant_node(self, node: NodeProto) -> bool:
        return all(name in self._constants for name in node.input)

    def _name(self, boundary: int) -> str:
        return self._layers[boundary - 1].name if boundary else "input"

    def _consumers(self) -> list[NodeProto]:
        """Return the nodes that read the current tensor, of which a layer's inside has one only."""
        return [node for node in self._nodes if self._tensor in node.input]

    def _take(self, operator: str) -> NodeProto:
        """Consume the one node that reads the current tensor; any other raises ExportError."""
        consumers = self._consumers()
        if len(consumers) > 1 or self._tensor in self._ends[1]:
            readers = ", ".join(
                [named(node) for node in consumers] + ["the output"] * (self._tensor in self._ends[1])
            )
            raise ExportError(f"{self._tensor}, inside a layer, is read by {readers}")
        if not consumers or consumers[0].op_type != operator:
            got = named(consumers[0]) if consumers else "the graph's end"
            raise ExportError(f"unsupported: {got}; expected {operator}")
        return self._follow(consumers[0])

    def _follow(self, node: NodeProto) -> NodeProto:
        """Consume a node; what it gives is the current tensor."""
        self._nodes.remove(node)
        self._tensor = node.output[0]
        return node
