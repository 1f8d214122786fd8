"""Every node's RTL: our engines' by their plans, FINN's wrappers and parameter memories by FINN."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.engines.node import EngineNode
from ganglion.hw.engines.operators.chain import write_node_files
from ganglion.hw.finn.passes.graph import chain, is_kind
from ganglion.hw.finn.plugin import ModelWrapper, PrepareIP


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRtl:
    """Code generation for `part` at `clock_ns`; `nodes` are the engines' in order, written into `folder`."""

    name: ClassVar[str] = "generate"
    nodes: tuple[EngineNode, ...]
    folder: Path
    part: str
    clock_ns: float

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph whose nodes know the folder of their generated files."""
        own = [node for node in chain(model) if is_kind(node, NodeKind.ENGINE)]
        for node, hardware in zip(own, self.nodes, strict=True):
            write_node_files(node, hardware, self.folder / node.name)
        # FINN leaves alone what has its files already.
        return model.transform(PrepareIP(self.part, self.clock_ns))
