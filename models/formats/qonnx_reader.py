"""policy.onnx read back into integers: the QONNX graph of a policy, as strictly as it is written.

The graph is a chain over one tensor, the normalized observation:

    Add(0.5 step)? → Quant signed → { Gemm | MatMul → Add }, Relu?, Add(0.5 step)?, Quant → ...

Rounding is half up. QONNX's HALF_UP rounds ties away from zero, which is half up for the unsigned outputs
of a ReLU; a signed tensor says it as half a step added before a FLOOR.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, numpy_helper

from ganglion.models.build.errors import ExportError
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import LayerSpec, NetworkSpec
from ganglion.models.spec.types import IntType


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quant:
    """A Quant node's meaning."""

    exponent: int
    int_type: IntType
    narrow: bool
    rounding: str


def read_qonnx(path: Path) -> IntNetwork:
    """Return the integer network in a QONNX file; anything that it cannot mean exactly raises ExportError."""
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=False)
    except FileNotFoundError:
        raise ExportError(f"{path} is missing") from None
    except Exception as error:  # protobuf and onnx raise unrelated types for a damaged file
        raise ExportError(f"{path}: not a readable ONNX file: {str(error).splitlines()[0]}") from None
    return _Reader(model.graph).network()


class _Reader:
    """Walks the chain of nodes from the graph's input, one layer at a time."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self._producers = {name: node for node in graph.node for name in node.output}
        self._consumers: dict[str, list[NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self._consumers.setdefault(name, []).append(node)
        self._tensor = graph.input[0].name
        self._output = graph.output[0].name

    def network(self) -> IntNetwork:
        """Return the whole network."""
        quant = self._activation(ends_in_relu=False)
        input_type, exponent = quant.int_type, quant.exponent
        layers: list[LayerSpec] = []
        weights, biases = [], []
        while self._tensor != self._output:
            layer, weight, bias = self._layer(f"fc{len(layers) + 1}", exponent)
            layers.append(layer)
            weights.append(weight)
            biases.append(bias)
            exponent = layer.output_exponent
        spec = NetworkSpec(input_type=input_type, layers=tuple(layers))
        return IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))

    def _layer(self, name: str, input_exponent: int) -> tuple[LayerSpec, np.ndarray, np.ndarray]:
        node = self._take({"Gemm", "MatMul"})
        values, quant = self._quantized_constant(node.input[1])
        weight = values if node.op_type == "Gemm" and _attribute(node, "transB", 0) else values.T
        bias_name = node.input[2] if len(node.input) > 2 else self._take_bias()
        following = self._peek()
        relu = following is not None and following.op_type == "Relu"
        if relu:
            self._take({"Relu"})
        output = self._activation(ends_in_relu=relu)
        layer = LayerSpec(
            name=name,
            in_features=weight.shape[1],
            out_features=weight.shape[0],
            weight_type=quant.int_type,
            output_type=output.int_type,
            input_exponent=input_exponent,
            weight_exponent=quant.exponent,
            output_exponent=output.exponent,
        )
        weight_ints = _on_grid(f"{name}: weights", weight, quant.exponent)
        if quant.narrow and weight_ints.min() == quant.int_type.low:
            lowest = quant.int_type.low
            raise ExportError(f"{name}: weight {lowest} in a narrow Quant, which clips it; rescale")
        return layer, weight_ints, self._bias(layer, bias_name)

    def _bias(self, layer: LayerSpec, name: str | None) -> np.ndarray:
        if name is None:
            return np.zeros(layer.out_features, dtype=np.int64)
        values = self._constants.get(name)
        if values is None:
            values, _ = self._quantized_constant(name)
        return _on_grid(f"{layer.name}: biases", np.asarray(values).reshape(-1), layer.accumulator_exponent)

    def _take_bias(self) -> str | None:
        """Consume an Add that is a bias, not the half step before a FLOOR, and return its constant's name."""
        node = self._peek()
        if node is None or node.op_type != "Add" or self._half_step() is not None:
            return None
        self._take({"Add"})
        return next(name for name in node.input if self._is_constant(name))

    def _activation(self, ends_in_relu: bool) -> _Quant:
        half = self._half_step()
        if half is not None:
            self._take({"Add"})
        node = self._take({"Quant"})
        quant = self._quant(node)
        if quant.int_type.signed == ends_in_relu or quant.narrow:
            kind = "unsigned after a Relu, signed without one, and not narrow"
            raise ExportError(f"policy.onnx: {node.name}: an activation must be {kind}")
        half_up = (
            quant.rounding == "FLOOR" if half is not None else quant.rounding == "HALF_UP" and ends_in_relu
        )
        if not half_up or (half is not None and half != 2.0 ** (quant.exponent - 1)):
            raise ExportError(
                f"policy.onnx: {node.name}: rounding_mode {quant.rounding} is not half up; expected "
                "HALF_UP after a Relu, or half a step added before FLOOR (formats.export writes this)"
            )
        return quant

    def _half_step(self) -> float | None:
        """Return the scalar that the next node adds before a Quant, None when there is no such node."""
        node = self._peek()
        if node is None or node.op_type != "Add":
            return None
        constant = next((self._constants[name] for name in node.input if name in self._constants), None)
        following = self._consumers.get(node.output[0], [])
        is_half = constant is not None and constant.size == 1 and [n.op_type for n in following] == ["Quant"]
        return float(constant.reshape(())) if is_half and constant is not None else None

    def _quantized_constant(self, name: str) -> tuple[np.ndarray, _Quant]:
        node = self._producers.get(name)
        if node is None or node.op_type != "Quant" or node.input[0] not in self._constants:
            raise ExportError(f"policy.onnx: {name}: expected a constant behind a Quant node")
        return self._constants[node.input[0]], self._quant(node)

    def _quant(self, node: NodeProto) -> _Quant:
        scale, zero_point, bits = (self._scalar(node, i) for i in (1, 2, 3))
        exponent = np.log2(scale) if scale > 0 else np.nan
        if not float(exponent).is_integer():
            raise ExportError(f"policy.onnx: {node.name}: scale {scale:g} is not a power of two")
        if zero_point != 0:
            raise ExportError(f"policy.onnx: {node.name}: zero point {zero_point:g}, allowed 0")
        return _Quant(
            exponent=int(exponent),
            int_type=IntType(bits=int(bits), signed=bool(_attribute(node, "signed", 1))),
            narrow=bool(_attribute(node, "narrow", 0)),
            rounding=str(_attribute(node, "rounding_mode", "ROUND")).upper(),
        )

    def _scalar(self, node: NodeProto, index: int) -> float:
        value = self._constants.get(node.input[index])
        if value is None or value.size != 1:
            raise ExportError(
                f"policy.onnx: {node.name}: input {index} must be one constant (per-tensor scales)"
            )
        return float(value.reshape(()))

    def _is_constant(self, name: str) -> bool:
        producer = self._producers.get(name)
        return name in self._constants or (producer is not None and producer.input[0] in self._constants)

    def _peek(self) -> NodeProto | None:
        following = self._consumers.get(self._tensor, [])
        if len(following) > 1:
            names = ", ".join(node.name for node in following)
            raise ExportError(
                f"policy.onnx: {self._tensor} is read by {names}; only a chain of layers is supported"
            )
        return following[0] if following else None

    def _take(self, expected: set[str]) -> NodeProto:
        """Consume the next node of the chain; any other type than expected raises ExportError."""
        node = self._peek()
        if node is None or node.op_type not in expected:
            got = f"{node.op_type} node {node.name}" if node is not None else "the graph's end"
            raise ExportError(f"policy.onnx: unsupported: {got}; expected {' or '.join(sorted(expected))}")
        self._tensor = node.output[0]
        return node


def _attribute(node: NodeProto, name: str, default: int | str) -> int | str:
    for attribute in node.attribute:
        if attribute.name == name:
            value = onnx.helper.get_attribute_value(attribute)
            return value.decode() if isinstance(value, bytes) else int(value)
    return default


def _on_grid(what: str, values: np.ndarray, exponent: int) -> np.ndarray:
    """Return values / 2**exponent as int64; raises ExportError unless all are whole numbers."""
    quotient = np.ldexp(values.astype(np.float64), -exponent)
    off = np.flatnonzero(quotient != np.floor(quotient))
    if off.size:
        raise ExportError(f"{what}: {values.flat[off[0]]:g} is not a multiple of the scale 2^{exponent}")
    return quotient.astype(np.int64)
