"""The equality chain's link after each pass: the executed graph gives golden's integers in every layer."""

from dataclasses import dataclass

import numpy as np

from ganglion.hw.finn.passes.graph import chain, n_layers, producer
from ganglion.hw.finn.plugin import ModelWrapper, execute_onnx
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.formats.policy_folder import Policy
from ganglion.models.layers import Layer
from ganglion.models.reference import Ints
from ganglion.models.spec.network import NetworkSpec

# Nodes whose outputs carry real values (integer * 2**exponent); all others of the chain carry integers.
REAL_VALUED = {"Quant", "Mul", "Div"}
DENSE = ("Gemm", "MatMul", "MVAU")
CHAIN = ("GanglionFolded", "GanglionUnrolled")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCheck:
    """Compares a graph's layers with `expected`, a [vectors, out] array each, for `inputs` [vectors, in]."""

    network: NetworkSpec
    inputs: Ints
    expected: tuple[Ints, ...]

    def __call__(self, pass_name: str, model: ModelWrapper) -> None:
        """Raise MismatchError naming pass, layer, vector and neuron at the first value that differs."""
        tensors = _layer_outputs(model)
        found = max(tensors, default=-1) + 1
        if found != len(self.network.layers):
            raise CompileError(
                f"pass {pass_name}: nodes for {found} layers, expected {len(self.network.layers)}"
            )
        for vector, inputs in enumerate(self.inputs):
            context = _execute(model, self._entry(model, inputs))
            for index, tensor in tensors.items():
                layer, expected = self.network.layers[index], self.expected[index]
                got = _integers(model, tensor, layer, context[tensor])
                _compare(f"pass {pass_name}: {layer.name}", vector, expected[vector], got)

    def _entry(self, model: ModelWrapper, inputs: Ints) -> np.ndarray:
        is_integer = model.get_tensor_datatype(model.get_first_global_in()).is_integer()
        return inputs if is_integer else np.ldexp(inputs.astype(float), self.network.layers[0].input_exponent)


def golden_check(policy: Policy, n_vectors: int) -> GoldenCheck:
    """Return the check of `n_vectors` golden vectors spread evenly, the last, extreme ones among them."""
    golden, spec = policy.golden, policy.network.spec
    rows = np.unique(np.linspace(0, len(golden["input"]) - 1, n_vectors).astype(int))
    return GoldenCheck(
        network=spec,
        inputs=golden["input"][rows].astype(np.int64),
        expected=tuple(golden[layer.name][rows].astype(np.int64) for layer in spec.layers),
    )


def _layer_outputs(model: ModelWrapper) -> dict[int, str]:
    """Return the tensor of activations behind each layer, by its number, that is not inside a node.

    It is what the next layer's node reads, or the graph's output.
    """
    nodes = [node for node in chain(model) if node.op_type.startswith((*DENSE, *CHAIN))]
    behind = [*(node.input[0] for node in nodes[1:]), model.get_first_global_out()]
    outputs, last = {}, -1
    for node, tensor in zip(nodes, behind, strict=False):
        last += n_layers(node) if node.op_type.startswith(CHAIN) else 1
        outputs[last] = tensor
    return outputs


def _execute(model: ModelWrapper, inputs: np.ndarray) -> dict[str, np.ndarray]:
    entry = model.get_first_global_in()
    shaped = inputs.astype(np.float32).reshape(model.get_tensor_shape(entry))
    return execute_onnx(model, {entry: shaped}, return_full_exec_context=True)


def _integers(model: ModelWrapper, tensor: str, layer: Layer, values: np.ndarray) -> np.ndarray:
    flat = values.astype(np.float64).reshape(-1)
    return np.ldexp(flat, -layer.output_exponent) if producer(model, tensor).op_type in REAL_VALUED else flat


def _compare(where: str, vector: int, expected: Ints, got: np.ndarray) -> None:
    """Raise MismatchError unless `got` begins with `expected` and is zero, padding, beyond."""
    whole = np.zeros(len(got))
    whole[: len(expected)] = expected
    differences = np.flatnonzero(whole != got)
    if differences.size:
        neuron = int(differences[0])
        raise MismatchError(
            f"{where}: vector {vector}, neuron {neuron}: expected {whole[neuron]:g}, got {got[neuron]:g}; "
            f"{differences.size} of {len(got)} differ; the compiler changed a number, so nothing was written"
        )
