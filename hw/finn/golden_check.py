"""The equality chain's link after each pass: the executed graph gives golden's integers in every layer."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.finn.passes.graph import (
    MAP_RANK,
    chain,
    is_kind,
    n_layers,
    producer,
    states,
    tensor_shape,
)
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
DENSE, CONVOLUTION = ("Gemm", "MatMul", "MVAU"), "Conv"
# Nodes that only move values to where a layer reads them.
MOVING = ("FMPadding", "ConvolutionInputGenerator", "Im2Col", "Transpose", "Flatten", "Reshape", "Streaming")
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
        inputs = self._entering(int(np.prod(tensor_shape(model, entry))))
        inputs = inputs if is_integer else np.ldexp(inputs.astype(float), self.network.exponent(0))
        shape = self.network.shape(0)
        if is_integer and len(shape) == MAP_RANK - 1 and not is_kind(chain(model)[0], NodeKind.ENGINE):
            inputs = np.moveaxis(inputs.reshape(-1, *shape), 1, -1)
        contexts = list(_steps(model, inputs, self.starts))
        for index, tensor in outputs.items():
            layer = self.network.layers[index]
            values = [context[tensor.name].astype(np.float64)[0] for context in contexts]
            if tensor.has_channels_last:
                values = [np.moveaxis(each, -1, 0) for each in values]
            got = np.stack([each.reshape(-1) for each in values])
            got = np.ldexp(got, -layer.output_exponent) if tensor.is_real else got
            require_equal(f"pass {pass_name}: {layer.name}", self.expected[index], got, REMEDY)

    def _entering(self, width: int) -> Ints:
        """Return what enters a graph that reads `width` values a step."""
        spec = self.network
        if width == spec.step_width:
            return self.inputs
        frames = self.inputs.reshape(-1, *spec.step_shape)
        return stacked(frames, self.starts, spec.frame_stack).reshape(len(frames), -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTensor:
    """Where a layer's values are in a graph: real numbers or integers, a map's channels last or first."""

    name: str
    is_real: bool
    has_channels_last: bool


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


def _layer_outputs(model: ModelWrapper, spec: NetworkSpec, is_integer: bool) -> dict[int, LayerTensor]:
    """Return, by number, each layer's tensor that is not inside a node.

    As the graph is read, all are named after their layers. Later it is what the next layer's node reads, or
    is sent of it, or the graph's output. Engines' nodes read integers, and so does who reads the output of a
    graph that takes integers (`is_integer`).
    """
    named = [layer.name for layer in spec.layers]
    producers = [model.find_producer(name) for name in named]
    if all(node is not None and node.op_type == "Quant" for node in producers):
        return {
            index: LayerTensor(name=name, is_real=True, has_channels_last=False)
            for index, name in enumerate(named)
        }
    nodes = [
        node
        for node in chain(model)
        if node.op_type.startswith(DENSE) or node.op_type == CONVOLUTION or is_kind(node, NodeKind.ENGINE)
    ]
    outputs: dict[int, LayerTensor] = {}
    last = -1
    for node, reader in zip(nodes, [*nodes[1:], None], strict=True):
        last += n_layers(node) if is_kind(node, NodeKind.ENGINE) else 1
        tensor = reader.input[0] if reader else model.get_first_global_out()
        if (sender := model.find_producer(tensor)) is not None and sender.op_type == SEND_ON_DELTA[-1]:
            tensor = sender.input[1]
        while (mover := model.find_producer(tensor)) is not None and mover.op_type.startswith(MOVING):
            tensor = mover.input[0]
        is_map = len(tensor_shape(model, tensor)) == MAP_RANK
        outputs[last] = LayerTensor(
            name=tensor,
            is_real=_is_real(model, tensor, reader, is_integer),
            has_channels_last=is_map and node.op_type != CONVOLUTION and not is_kind(node, NodeKind.ENGINE),
        )
    return outputs


def _is_real(model: ModelWrapper, tensor: str, reader: NodeProto | None, is_integer: bool) -> bool:
    wants_integers = is_integer if reader is None else is_kind(reader, NodeKind.ENGINE)
    return not wants_integers and producer(model, tensor).op_type in REAL_VALUED


def _steps(
    model: ModelWrapper, inputs: np.ndarray, starts: npt.NDArray[np.bool_]
) -> Iterator[dict[str, np.ndarray]]:
    """Yield all tensors of the executed graph, vector by vector; a step's states enter the next."""
    entry, pairs = model.get_first_global_in(), states(model)
    zeros = {sent: np.zeros(tensor_shape(model, sent), np.float32) for sent, _ in pairs}
    sent = zeros
    for row, is_start in zip(inputs, starts, strict=True):
        shaped = row.astype(np.float32).reshape(tensor_shape(model, entry))
        given = {entry: shaped} | (zeros if is_start else sent)
        context = execute_onnx(model, given, return_full_exec_context=True)
        yield context
        sent = {before: context[after] for before, after in pairs}
