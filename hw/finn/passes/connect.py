"""Width converters and FIFOs join the nodes' streams."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.finn.passes.graph import chain, is_kind
from ganglion.hw.finn.passes.specialize import SpecializeToRtl
from ganglion.hw.finn.plugin import GiveReadableTensorNames, InsertDWC, InsertFIFO, ModelWrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectStreams:
    """FINN's converters where words differ, and smallest FIFOs around all nodes, which cut ready paths.

    At the accelerator's ends our nodes need none: there it would only cost cycles.
    """

    name: ClassVar[str] = "connect"
    part: str

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the complete graph of *_rtl nodes, named by kind and position."""
        model = model.transform(InsertDWC()).transform(InsertFIFO(create_shallow_fifos=True))
        _drop_end_fifos(model)
        return SpecializeToRtl(part=self.part).apply(model).transform(GiveReadableTensorNames())


def _drop_end_fifos(model: ModelWrapper) -> None:
    first, second, *_ = chain(model)
    if is_kind(first, NodeKind.FIFO) and is_kind(second, NodeKind.ENGINE):
        second.input[0] = first.input[0]
        model.graph.node.remove(first)
    *_, before, last = chain(model)
    if is_kind(last, NodeKind.FIFO) and is_kind(before, NodeKind.ENGINE):
        before.output[0] = last.output[0]
        model.graph.node.remove(last)
