"""Typed reading and writing of qonnx graphs: what is not there raises, so that no pass goes on with None."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.hardware_node import HardwareNode, NodeKind, read_node
from ganglion.hw.finn.plugin import HWCustomOp, ModelWrapper, NodeProto, RTLBackend, getCustomOp
from ganglion.models.build.errors import CompileError
from ganglion.models.formats.send_on_delta import OPERATORS as SEND_ON_DELTA
from ganglion.models.spec.types import IntType

MAP_RANK = 4
"""Dimensions of a map with its batch."""


def text_attribute(node: NodeProto, name: str) -> str:
    """Return an attribute of a FINN or QONNX node as text."""
    return str(getCustomOp(node).get_nodeattr(name))


def set_attributes(node: NodeProto, **attributes: int | str) -> None:
    """Set several attributes of a FINN or QONNX node."""
    for name, value in attributes.items():
        getCustomOp(node).set_nodeattr(name, value)


def constant(model: ModelWrapper, tensor: str) -> np.ndarray:
    """Return the constant a tensor holds; CompileError when it holds none."""
    value = model.get_initializer(tensor)
    if not isinstance(value, np.ndarray):
        raise CompileError(f"{tensor}: expected a constant")
    return value


def tensor_shape(model: ModelWrapper, tensor: str) -> Sequence[int]:
    """Return the shape of a tensor; CompileError when it has none."""
    shape = model.get_tensor_shape(tensor)
    if shape is None:
        raise CompileError(f"{tensor}: its shape is unknown")
    return shape


def producer(model: ModelWrapper, tensor: str) -> NodeProto:
    """Return the node that writes a tensor; CompileError when none does."""
    node = model.find_producer(tensor)
    if node is None:
        raise CompileError(f"{tensor}: no node writes it")
    return node


def chain(model: ModelWrapper) -> list[NodeProto]:
    """Return the nodes from the graph's input to its output; a graph that is no chain raises CompileError."""
    nodes, tensor = [], model.get_first_global_in()
    while consumers := model.find_consumers(tensor):
        if [node.op_type for node in consumers] == [SEND_ON_DELTA[0], SEND_ON_DELTA[-1]]:
            consumers = consumers[1:]  # whether a value is sent is decided beside the chain
        if len(consumers) > 1:
            names = ", ".join(node.name for node in consumers)
            raise CompileError(f"{tensor} is read by {names}; only a chain of layers is supported")
        nodes.append(consumers[0])
        tensor = consumers[0].output[0]
    return nodes


def is_kind(node: NodeProto, *kinds: NodeKind) -> bool:
    """Return whether a node does one of these things, on whatever backend."""
    return node.op_type.startswith(tuple(kind.value for kind in kinds))


def n_layers(node: NodeProto) -> int:
    """Return how many layers a node of ours computes.

    Its inputs are a stream, a weight and a bias of each, and states, as many as outputs behind the first.
    """
    return (len(node.input) - len(node.output)) // 2


def states(model: ModelWrapper) -> list[tuple[str, str]]:
    """Return the tensors of each state before and after a vector: at the graph's ends and in our nodes."""
    ends = [
        (entry.name, exit_.name) for entry, exit_ in zip(model.graph.input, model.graph.output, strict=True)
    ]
    inside = [
        pair
        for node in model.graph.node
        if is_kind(node, NodeKind.ENGINE)
        for pair in zip(node.input[1 + 2 * n_layers(node) :], node.output[1:], strict=True)
    ]
    return ends[1:] + inside


def layers(model: ModelWrapper) -> list[tuple[NodeProto, NodeProto]]:
    """Return each dense layer's MVAU and Requant node, in order."""
    mvaus = [node for node in chain(model) if is_kind(node, NodeKind.MVAU)]
    requants = [node for node in chain(model) if is_kind(node, NodeKind.REQUANT)]
    if len(mvaus) != len(requants):
        raise CompileError(f"{len(mvaus)} MVAU nodes, but {len(requants)} Requant nodes")
    return list(zip(mvaus, requants, strict=True))


def windows(model: ModelWrapper) -> list[list[NodeProto]]:
    """Return each dense layer's nodes before its MVAU: padding and window generator, where it has them."""
    found: list[list[NodeProto]] = [[]]
    for node in chain(model):
        if is_kind(node, NodeKind.PADDING, NodeKind.WINDOW):
            found[-1].append(node)
        if is_kind(node, NodeKind.MVAU):
            found.append([])
    return found[:-1]


def hardware_nodes(model: ModelWrapper) -> tuple[HardwareNode, ...]:
    """Return the chain's nodes as generated; a kind that codegen.emit cannot place raises CompileError."""
    return tuple(_hardware_node(node) for node in chain(model))


def _hardware_node(node: NodeProto) -> HardwareNode:
    kind = next((kind for kind in NodeKind if is_kind(node, kind)), None)
    if kind is None:
        raise CompileError(f"{node.name}: {node.op_type} is not among {', '.join(k.value for k in NodeKind)}")
    folder = Path(text_attribute(node, "code_gen_dir_ipgen"))
    if kind is NodeKind.ENGINE:
        return read_node(folder)
    operator, sources = cast(HWCustomOp, getCustomOp(node)), cast(RTLBackend, getCustomOp(node))
    return HardwareNode(
        name=node.name,
        kind=kind,
        module=text_attribute(node, "gen_top_module"),
        folder=folder,
        layers=int(kind is NodeKind.REQUANT),
        files=tuple(Path(file) for file in sources.get_rtl_file_list(abspath=True)),
        input=_format(
            operator.get_input_datatype(0),
            operator.get_normal_input_shape(),
            operator.get_folded_input_shape(),
            operator.get_instream_width_padded(0),
        ),
        output=_format(
            operator.get_output_datatype(0),
            operator.get_normal_output_shape(),
            operator.get_folded_output_shape(),
            operator.get_outstream_width_padded(0),
        ),
    )


def _format(
    data_type: Any, shape: Sequence[int] | np.ndarray, folded: Sequence[int] | np.ndarray, width_bits: int
) -> StreamFormat:
    """Return the stream of a node of FINN's, which pads vectors to whole words; maps have channels last."""
    *counts, word_values = (int(size) for size in folded)
    words = math.prod(counts)
    return StreamFormat(
        type=IntType(bits=data_type.bitwidth(), signed=data_type.signed()),
        features=words * word_values,
        word_values=word_values,
        words=words,
        width_bits=width_bits,
        channels=int(shape[-1]) if len(shape) == MAP_RANK else 1,
    )
