"""What a pass is, and how a tuple of them runs with a check after each."""

from collections.abc import Callable
from typing import Protocol

from hw.finn_plugin import CustomOp, FINNError, ModelWrapper, NodeProto, getCustomOp
from models.artifacts import CompileError

Check = Callable[[str, ModelWrapper], None]


class Pass(Protocol):
    """A step of the compiler: a frozen value that turns one graph into another with the same integers."""

    @property
    def name(self) -> str:
        """What errors and logs call the pass."""
        ...

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the transformed graph; the given one may be changed too."""
        ...


def run_passes(model: ModelWrapper, passes: tuple[Pass, ...], check: Check) -> ModelWrapper:
    """Return `model` after all passes, `check(name, graph)` having accepted the graph after each.

    An error that FINN words for its users becomes a CompileError naming the pass.
    """
    for each in passes:
        try:
            model = each.apply(model)
        except FINNError as error:
            raise CompileError(f"pass {each.name}: FINN: {' '.join(str(error).split())}") from error
        check(each.name, model)
    return model


def op(node: NodeProto) -> CustomOp:
    """Return FINN's object for a node, which reads and writes its attributes."""
    return getCustomOp(node)


def set_attributes(node: NodeProto, **attributes: int | str) -> None:
    """Set several attributes of a FINN node."""
    for name, value in attributes.items():
        op(node).set_nodeattr(name, value)


def chain(model: ModelWrapper) -> list[NodeProto]:
    """Return the nodes from the graph's input to its output; a graph that is no chain raises CompileError."""
    nodes, tensor = [], model.get_first_global_in()
    while consumers := model.find_consumers(tensor):
        if len(consumers) > 1:
            names = ", ".join(node.name for node in consumers)
            raise CompileError(f"{tensor} is read by {names}; only a chain of layers is supported")
        nodes.append(consumers[0])
        tensor = consumers[0].output[0]
    if len(nodes) != len(model.graph.node):
        raise CompileError(f"{len(model.graph.node)} nodes, but only {len(nodes)} in the chain from input to output")
    return nodes


def layers(model: ModelWrapper) -> list[tuple[NodeProto, NodeProto]]:
    """Return each dense layer's MVAU and Requant node, in order."""
    mvaus = [node for node in chain(model) if node.op_type.startswith("MVAU")]
    requants = [node for node in chain(model) if node.op_type.startswith("Requant")]
    return list(zip(mvaus, requants, strict=True))
