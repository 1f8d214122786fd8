"""The equality chain's link after each pass: the executed graph gives golden's integers in every layer."""

from dataclasses import dataclass

import numpy as np

from hw.finn_plugin import ModelWrapper, execute_onnx
from hw.passes.graph import chain, producer
from models.artifacts import CompileError, MismatchError
from models.policy_folder import Policy
from models.reference import Ints
from models.spec import LayerSpec, NetworkSpec

# Nodes whose outputs carry real values (integer * 2**exponent); all others of the chain carry integers.
REAL_VALUED = {"Quant", "Mul", "Div"}
DENSE = ("Gemm", "MatMul", "MVAU")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCheck:
    """Compares a graph's layers with `expected`, a [vectors, out] array each, for `inputs` [vectors, in]."""

    network: NetworkSpec
    inputs: Ints
    expected: tuple[Ints, ...]

    def __call__(self, pass_name: str, model: ModelWrapper) -> None:
        """Raise MismatchError naming pass, layer, vector and neuron at the first value that differs."""
        tensors = _layer_outputs(model)
        if len(tensors) != len(self.network.layers):
            raise CompileError(
                f"pass {pass_name}: {len(tensors)} dense nodes for {len(self.network.layers)} layers"
            )
        for vector, inputs in enumerate(self.inputs):
            context = _execute(model, self._entry(model, inputs))
            for layer, tensor, expected in zip(self.network.layers, tensors, self.expected, strict=True):
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


def _layer_outputs(model: ModelWrapper) -> list[str]:
    """Return each layer's tensor of activations: what the next dense node reads, or the graph's output."""
    dense = [node for node in chain(model) if node.op_type.startswith(DENSE)]
    return [*(node.input[0] for node in dense[1:]), model.get_first_global_out()] if dense else []


def _execute(model: ModelWrapper, inputs: np.ndarray) -> dict[str, np.ndarray]:
    entry = model.get_first_global_in()
    shaped = inputs.astype(np.float32).reshape(model.get_tensor_shape(entry))
    return execute_onnx(model, {entry: shaped}, return_full_exec_context=True)


def _integers(model: ModelWrapper, tensor: str, layer: LayerSpec, values: np.ndarray) -> np.ndarray:
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
