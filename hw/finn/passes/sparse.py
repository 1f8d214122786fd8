"""Layers that a sparse engine computes become one node of that engine."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.engines.operators.folded import insert_folded
from ganglion.hw.engines.operators.unrolled import insert_unrolled
from ganglion.hw.finn.passes.graph import layers
from ganglion.hw.finn.plugin import ModelWrapper, SortGraph
from ganglion.hw.mapping.layout import SparsePart

INSERT = {NodeKind.FOLDED: insert_folded, NodeKind.UNROLLED: insert_unrolled}


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertSparse:
    """Puts a GanglionFolded or GanglionUnrolled node in place of the MVAUs and Requants of each part.

    The integers of those were found equal to the policy's by the pass before; the nodes carry the policy's.
    """

    name: ClassVar[str] = "sparse"
    parts: tuple[SparsePart, ...]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph with the parts' nodes, in order."""
        pairs = layers(model)
        for each in self.parts:
            run = pairs[each.part.first : each.part.last]
            source, sink = run[0][0].input[0], run[-1][1].output[0]
            for node in (node for pair in run for node in pair):
                model.graph.node.remove(node)
            name = f"{each.part.engine.value}_{each.part.first}"
            INSERT[each.node.plan.kind](model, each.node, source, sink, name)
        return model.transform(SortGraph())
