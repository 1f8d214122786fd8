"""Send on delta in QONNX: what a layer was last sent is state, an input of the graph and an output of it.

    sent_next = Where(Greater(Abs(Sub(x, sent)), threshold), x, sent)

stands before the node of each layer that has a threshold. A step of an episode executes the graph once, on
the outputs of the step before; at an episode's start every state is zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto

from ganglion.models.build.errors import ExportError
from ganglion.models.formats.quant_node import named

OPERATORS = ("Sub", "Abs", "Greater", "Where")


def state_names(layer: str) -> tuple[str, str]:
    """Return the graph's input and output that hold what a layer was sent before and after a step."""
    return f"{layer}.sent", f"{layer}.sent_next"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOnDelta:
    """The four nodes that bring a state up to date, as they were read."""

    nodes: tuple[NodeProto, ...]
    sent: str
    sent_next: str
    threshold: float
    """In the tensor's real numbers."""


def read_send_on_delta(
    tensor: str, nodes: Sequence[NodeProto], constants: Mapping[str, np.ndarray]
) -> SendOnDelta | None:
    """Return what stands between `tensor` and its layer, None if no Sub reads it; else it must be whole."""
    sub = next((node for node in nodes if node.op_type == "Sub" and node.input[0] == tensor), None)
    if sub is None:
        return None
    found, sent = [sub], sub.input[1]
    for operator in OPERATORS[1:]:
        after = [node for node in nodes if found[-1].output[0] in node.input]
        if [node.op_type for node in after] != [operator]:
            raise ExportError(f"{named(found[-1])}: expected {operator} behind it, and nothing else")
        found += after
    _, _, greater, where = found
    threshold = constants.get(greater.input[1])
    if threshold is None or threshold.size != 1 or list(where.input[1:]) != [tensor, sent]:
        raise ExportError(f"{named(where)}: expected {tensor} or {sent}, by one constant threshold")
    return SendOnDelta(
        nodes=tuple(found), sent=sent, sent_next=where.output[0], threshold=float(threshold.reshape(()))
    )
