"""QONNX to nodes of engines: a run of layers on one engine becomes its operator, in integers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from onnx.helper import make_node

from ganglion.hw.engines.node import EngineNode, NodeEngine
from ganglion.hw.engines.operators.chain import insert_node
from ganglion.hw.finn.passes.graph import MAP_RANK, tensor_shape
from ganglion.hw.finn.plugin import NHWC, DataType, InferShapes, ModelWrapper, SortGraph
from ganglion.hw.mapping.layout import Placed
from ganglion.models.spec.network import NetworkSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class InferNodes:
    """Puts a node in place of the layers of each segment that has one, and integers at every segment's ends.

    It reads `qonnx_model`'s graph, whose tensors are named after layers. The observation quantizer is the
    host's and leaves; states move from the graph's ends into the nodes. At a node's ends maps are vectors in
    C order, and of stacked frames the newest alone enters. Layers that stay FINN's keep their real scales
    between two factors, before and behind the segment, which streamlining then absorbs; a map enters these
    with channels last.
    """

    name: ClassVar[str] = "infer"
    spec: NetworkSpec
    placed: tuple[Placed, ...]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph from integers to integers."""
        source, exit_ = model.get_first_global_in(), model.get_first_global_out()
        del model.graph.input[1:], model.graph.output[1:]
        _remove_layer(model, self.spec.name(0))
        model.set_tensor_datatype(source, DataType[self.spec.input_type.name])
        are_nodes = [isinstance(each.block, EngineNode) for each in self.placed]
        if are_nodes[0]:
            model.set_tensor_shape(source, [1, self.spec.step_width])
        for index, each in enumerate(self.placed):
            first, last = each.segment.first, each.segment.last
            sink = exit_ if last == len(self.spec.layers) else f"{self.spec.name(last)}.integers"
            if isinstance(each.block, EngineNode):
                assert isinstance(each.segment.engine, NodeEngine)
                for boundary in range(first, last):
                    _remove_layer(model, self.spec.name(boundary + 1))
                name = f"{each.segment.engine.name}_{first}"
                insert_node(model, each.segment.engine, each.block, source, sink, name)
            else:
                if len(self.spec.shape(first)) == MAP_RANK - 1:
                    source = _channels_first(model, source)
                self._scale(model, first, last, source, sink)
            is_vector = any(are_nodes[index : index + 2])
            shape = (self.spec.widths[last],) if is_vector else self.spec.shape(last)
            model.set_tensor_shape(sink, [1, *shape])
            model.set_tensor_datatype(sink, DataType[self.spec.type(last).name])
            source = sink
        return model.transform(SortGraph()).transform(InferShapes())

    def _scale(self, model: ModelWrapper, first: int, last: int, source: str, sink: str) -> None:
        """Add the factors before layer `first` and behind layer `last` - 1."""
        real = self.spec.name(last)
        if real == sink:
            real = f"{sink}.real"
            next(node for node in model.graph.node if sink in node.output).output[0] = real
        ends = (
            (source, self.spec.name(first), self.spec.exponent(first)),
            (real, sink, -self.spec.exponent(last)),
        )
        for before, behind, exponent in ends:
            factor = f"{behind}.factor"
            if (shape := model.get_tensor_shape(before)) is not None and behind != sink:
                model.set_tensor_shape(behind, shape)
            model.set_initializer(factor, np.array(2.0**exponent, dtype=np.float32))
            model.graph.node.append(make_node("Mul", [before, factor], [behind], name=f"Mul_{behind}"))


def _channels_first(model: ModelWrapper, entry: str) -> str:
    """Make a map's tensor [1, rows, columns, channels], and return one whose channels come first."""
    batch, channels, rows, columns = tensor_shape(model, entry)
    planes = f"{entry}.planes"
    model.set_tensor_shape(entry, [batch, rows, columns, channels])
    model.set_tensor_layout(entry, NHWC)
    model.graph.node.append(
        make_node("Transpose", [entry], [planes], f"Transpose_{planes}", perm=[0, 3, 1, 2])
    )
    return planes


def _remove_layer(model: ModelWrapper, name: str) -> None:
    """Remove the nodes that compute the tensor called `name`, all of whose tensors begin with it."""
    for node in [each for each in model.graph.node if f"{each.output[0]}.".startswith(f"{name}.")]:
        model.graph.node.remove(node)
