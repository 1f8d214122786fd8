"""The equality chain's link after each pass: the executed graph gives golden's integers in every layer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.finn.passes.graph import chain, is_kind, n_layers, producer, states
from ganglion.hw.finn.plugin import ModelWrapper, NodeProto, execute_onnx
from ganglion.models.build.errors import CompileError
from ganglion.models.equality import require_equal
from ganglion.models.formats.send_on_delta import OPERATORS as SEND_ON_DELTA
from ganglion.models.frames import stacked
from ganglion.models.layers.layer import EPISODE_START, INPUT
from ganglion.models.reference import Ints
from ganglion.models.spec.network import NetworkSpec

# Nodes whose outputs carry real values (integer * 2**exponent); all others of the chain carry integers.
REAL_VALUED = {"Quant", "Mul", "Div"}
LAYERS = ("Gemm", "MatMul", "MVAU", "Conv")
REMEDY = "; the compiler changed a number, so nothing was written"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCheck:
    """Compares a graph's layers with `expected`, a [vectors, out] array each, for `inputs` [vectors, in].

    They are steps of episodes, which start where `starts`, [vectors] bool, says: states are zero there. A
    graph that reads whole stacks is given them.
    """

    network: NetworkSpec
    inputs: Ints
    starts: npt.NDArray[np.bool_]
    expected: tuple[Ints, ...]

    def __call__(self, pass_name: str, model: ModelWrapper) -> None:
        """Raise MismatchError naming pass, layer, vector and neuron at the first value that differs."""
        entry = model.get_first_global_in()
        is_integer = model.get_tensor_datatype(entry).is_integer()
        outputs = _layer_outputs(model, self.network, is_integer)
        found = max(outputs, default=-1) + 1
        if found != len(self.network.layers):
            raise CompileError(
                f"pass {pass_name}: nodes for {found} layers, expected {len(self.network.layers)}"
            )
        inputs = self._entering(int(np.prod(_shape(model, entry))))
        inputs = inputs if is_integer else np.ldexp(inputs.astype(float), self.network.exponent(0))
        contexts = list(_steps(model, inputs, self.starts))
        for index, (tensor, is_real) in outputs.items():
            layer = self.network.layers[index]
            got = np.stack([context[tensor].astype(np.float64).reshape(-1) for context in contexts])
            got = np.ldexp(got, -layer.output_exponent) if is_real else got
            require_equal(f"pass {pass_name}: {layer.name}", self.expected[index], got, REMEDY)

    def _entering(self, width: int) -> Ints:
        """Return what enters a graph that reads `width` values a step."""
        spec = self.network
        if width == spec.step_width:
            return self.inputs
        frames = self.inputs.reshape(-1, *spec.step_shape)
        return stacked(frames, self.starts, spec.frame_stack).reshape(len(frames), -1)


def golden_check(spec: NetworkSpec, golden: dict[str, np.ndarray], n_vectors: int) -> GoldenCheck:
    """Return the check of `n_vectors` golden vectors spread evenly, the last, extreme ones among them.

    Of episodes they are the first steps of the first and of the last one, the extremes. spec: the compiled
    network, whose layers may be padded by neurons that are zero.
    """
    rows = np.unique(np.linspace(0, len(golden[INPUT]) - 1, n_vectors).astype(int))
    starts = np.ones(len(golden[INPUT]), bool)
    if spec.remembers:
        starts = golden[EPISODE_START]
        steps, last = np.arange(n_vectors // 2), np.flatnonzero(starts)[-1]
        rows = np.union1d(steps, last + steps)
        rows = rows[rows < len(starts)]
    expected = []
    for layer in spec.layers:
        values = golden[layer.name][rows].astype(np.int64).reshape(len(rows), -1)
        expected.append(np.pad(values, ((0, 0), (0, layer.n_outputs - values.shape[1]))))
    inputs = golden[INPUT][rows].astype(np.int64)
    return GoldenCheck(network=spec, inputs=inputs, starts=starts[rows], expected=tuple(expected))


def _layer_outputs(model: ModelWrapper, spec: NetworkSpec, is_integer: bool) -> dict[int, tuple[str, bool]]:
    """Return, by number, each layer's tensor that is not inside a node, and whether it carries real values.

    As the graph is read, all are named after their layers. Later it is what the next layer's node reads, or
    is sent of it, or the graph's output. Engines' nodes read integers, and so does who reads the output of a
    graph that takes integers (`is_integer`).
    """
    named = [layer.name for layer in spec.layers]
    producers = [model.find_producer(name) for name in named]
    if all(node is not None and node.op_type == "Quant" for node in producers):
        return {index: (name, True) for index, name in enumerate(named)}
    nodes = [
        node for node in chain(model) if node.op_type.startswith(LAYERS) or is_kind(node, NodeKind.ENGINE)
    ]
    outputs: dict[int, tuple[str, bool]] = {}
    last = -1
    for node, reader in zip(nodes, [*nodes[1:], None], strict=True):
        last += n_layers(node) if is_kind(node, NodeKind.ENGINE) else 1
        tensor = reader.input[0] if reader else model.get_first_global_out()
        if (sender := model.find_producer(tensor)) is not None and sender.op_type == SEND_ON_DELTA[-1]:
            tensor = sender.input[1]
        outputs[last] = tensor, _is_real(model, tensor, reader, is_integer)
    return outputs


def _is_real(model: ModelWrapper, tensor: str, reader: NodeProto | None, is_integer: bool) -> bool:
    wants_integers = is_integer if reader is None else is_kind(reader, NodeKind.ENGINE)
    return not wants_integers and producer(model, tensor).op_type in REAL_VALUED


def _steps(
    model: ModelWrapper, inputs: np.ndarray, starts: npt.NDArray[np.bool_]
) -> Iterator[dict[str, np.ndarray]]:
    """Yield all tensors of the executed graph, vector by vector; a step's states enter the next."""
    entry, pairs = model.get_first_global_in(), states(model)
    zeros = {sent: np.zeros(_shape(model, sent), np.float32) for sent, _ in pairs}
    sent = zeros
    for row, is_start in zip(inputs, starts, strict=True):
        shaped = row.astype(np.float32).reshape(_shape(model, entry))
        given = {entry: shaped} | (zeros if is_start else sent)
        context = execute_onnx(model, given, return_full_exec_context=True)
        yield context
        sent = {before: context[after] for before, after in pairs}


def _shape(model: ModelWrapper, tensor: str) -> Sequence[int]:
    shape = model.get_tensor_shape(tensor)
    assert shape is not None, tensor
    return shape
