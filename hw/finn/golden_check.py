"""The equality chain's link after each pass: the executed graph gives golden's integers in every layer."""

from dataclasses import dataclass

import numpy as np

from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.finn.passes.graph import chain, is_kind, n_layers, producer
from ganglion.hw.finn.plugin import ModelWrapper, NodeProto, execute_onnx
from ganglion.models.build.errors import CompileError
from ganglion.models.equality import require_equal
from ganglion.models.reference import Ints
from ganglion.models.spec.network import NetworkSpec

# Nodes whose outputs carry real values (integer * 2**exponent); all others of the chain carry integers.
REAL_VALUED = {"Quant", "Mul", "Div"}
DENSE = ("Gemm", "MatMul", "MVAU")
REMEDY = "; the compiler changed a number, so nothing was written"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCheck:
    """Compares a graph's layers with `expected`, a [vectors, out] array each, for `inputs` [vectors, in]."""

    network: NetworkSpec
    inputs: Ints
    expected: tuple[Ints, ...]

    def __call__(self, pass_name: str, model: ModelWrapper) -> None:
        """Raise MismatchError naming pass, layer, vector and neuron at the first value that differs."""
        entry = model.get_first_global_in()
        is_integer = model.get_tensor_datatype(entry).is_integer()
        outputs = _layer_outputs(model, is_integer)
        found = max(outputs, default=-1) + 1
        if found != len(self.network.layers):
            raise CompileError(
                f"pass {pass_name}: nodes for {found} layers, expected {len(self.network.layers)}"
            )
        inputs = self.inputs if is_integer else np.ldexp(self.inputs.astype(float), self.network.exponent(0))
        contexts = [_execute(model, row) for row in inputs]
        for index, (tensor, is_real) in outputs.items():
            layer = self.network.layers[index]
            got = np.stack([context[tensor].astype(np.float64).reshape(-1) for context in contexts])
            got = np.ldexp(got, -layer.output_exponent) if is_real else got
            require_equal(f"pass {pass_name}: {layer.name}", self.expected[index], got, REMEDY)


def golden_check(spec: NetworkSpec, golden: dict[str, np.ndarray], n_vectors: int) -> GoldenCheck:
    """Return the check of `n_vectors` golden vectors spread evenly, the last, extreme ones among them.

    spec: the compiled network, whose layers may be padded by neurons that are zero.
    """
    rows = np.unique(np.linspace(0, len(golden["input"]) - 1, n_vectors).astype(int))
    expected = []
    for layer in spec.layers:
        values = golden[layer.name][rows].astype(np.int64)
        expected.append(np.pad(values, ((0, 0), (0, layer.n_outputs - values.shape[1]))))
    inputs = golden["input"][rows].astype(np.int64)
    return GoldenCheck(network=spec, inputs=inputs, expected=tuple(expected))


def _layer_outputs(model: ModelWrapper, is_integer: bool) -> dict[int, tuple[str, bool]]:
    """Return, by number, each layer's tensor that is not inside a node, and whether it carries real values.

    It is what the next layer's node reads, or the graph's output. Engines' nodes read integers, and so does
    who reads the output of a graph that takes integers (`is_integer`).
    """
    nodes = [
        node for node in chain(model) if node.op_type.startswith(DENSE) or is_kind(node, NodeKind.ENGINE)
    ]
    outputs: dict[int, tuple[str, bool]] = {}
    last = -1
    for node, reader in zip(nodes, [*nodes[1:], None], strict=True):
        last += n_layers(node) if is_kind(node, NodeKind.ENGINE) else 1
        tensor = reader.input[0] if reader else model.get_first_global_out()
        outputs[last] = tensor, _is_real(model, tensor, reader, is_integer)
    return outputs


def _is_real(model: ModelWrapper, tensor: str, reader: NodeProto | None, is_integer: bool) -> bool:
    wants_integers = is_integer if reader is None else is_kind(reader, NodeKind.ENGINE)
    return not wants_integers and producer(model, tensor).op_type in REAL_VALUED


def _execute(model: ModelWrapper, inputs: np.ndarray) -> dict[str, np.ndarray]:
    entry = model.get_first_global_in()
    shaped = inputs.astype(np.float32).reshape(model.get_tensor_shape(entry))
    return execute_onnx(model, {entry: shaped}, return_full_exec_context=True)
