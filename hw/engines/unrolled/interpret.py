"""The meaning of an adder graph, in exact integers: what the reference says, and what the RTL must do."""

import numpy as np

from ganglion.hw.engines.unrolled.graph import Clip, Graph, Input, Node, Sum
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import Ints


def interpret(graph: Graph, inputs: Ints) -> list[Ints]:
    """Return every layer's activations: [batch, in] int64 → list of [batch, out] int64.

    A neuron that nobody reads is -1. A signal that leaves its range raises MismatchError: the hardware's wire
    would be too narrow.
    """
    values: list[Ints] = []
    stored = np.asarray(inputs, dtype=np.int64) - graph.input_type.low
    for index, node in enumerate(graph.nodes):
        value = _value(node, values, stored)
        if value.size and (value.min() < node.low or value.max() > node.high):
            raise MismatchError(
                f"graph: node {index} takes values {value.min()} to {value.max()}, "
                f"its wire {node.low} to {node.high}"
            )
        values.append(value)
    nobody = np.full(len(stored), -1, dtype=np.int64)
    return [
        np.stack([nobody if node is None else values[node] - layer.offset for node in layer.neurons], axis=1)
        for layer in graph.layers
    ]


def _value(node: Node, values: list[Ints], stored: Ints) -> Ints:
    if isinstance(node, Input):
        return stored[:, node.feature]
    if isinstance(node, Sum):
        total = np.full(len(stored), node.constant, dtype=np.int64)
        for addend in node.addends:
            value = values[addend.source]
            total += (((1 << addend.bits) - 1 - value) if addend.inverted else value) << addend.shift
        return total
    if isinstance(node, Clip):
        value = values[node.source]
        scaled = value >> node.shift if node.shift >= 0 else value << -node.shift
        return np.clip(scaled, 0, (1 << node.bits) - 1)
    return np.full(len(stored), node.low, dtype=np.int64)
