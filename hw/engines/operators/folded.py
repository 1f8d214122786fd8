"""The FINN op of the folded engine: a chain of dense layers as one node; see folded.md beside it."""

from typing import Any

from ganglion.hw.engines.folded.build import FoldedPlan, plan
from ganglion.hw.engines.folded.settings import FoldedSettings, Multiplier
from ganglion.hw.engines.operators.chain import GanglionChain, GanglionChainRtl, insert_chain
from ganglion.hw.engines.operators.parameters import attribute
from ganglion.hw.engines.sparse_node import Plan, SparseNode
from ganglion.hw.finn.plugin import ModelWrapper, NodeProto
from ganglion.models.reference import IntNetwork

# Settings of an engine that its node carries under their own names.
SHAPE = ("lanes", "banks", "copies")


def insert_folded(model: ModelWrapper, node: SparseNode, source: str, sink: str, name: str) -> NodeProto:
    """Return a GanglionFolded node added between two tensors of a graph; parameters become initializers."""
    assert isinstance(node.plan, FoldedPlan)
    settings = node.plan.program.settings
    attributes = {
        **{key: getattr(settings, key) for key in SHAPE},
        "inputLanes": settings.lanes_of_input(node.plan.entry.features),
        "outputLanes": settings.output_lanes,
        "multiplier": settings.multiplier.value,
    }
    return insert_chain(model, node, attributes, source, sink, name)


class GanglionFolded(GanglionChain):
    """A chain of layers on the folded engine."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Return FINN's attributes and ours; see folded.md."""
        own = {
            **{name: ("i", True, 0) for name in (*SHAPE, "inputLanes", "outputLanes")},
            "multiplier": ("s", False, "dsp", {"dsp", "lut"}),
        }
        return super().get_nodeattr_types() | own

    def plan_of(self, network: IntNetwork) -> Plan:
        """Return the schedule of the node's network."""
        settings = FoldedSettings(
            **{name: attribute(self, name) for name in SHAPE},
            multiplier=Multiplier(attribute(self, "multiplier")),
            input_lanes=attribute(self, "inputLanes"),
            output_lanes=attribute(self, "outputLanes"),
        )
        return plan(network, settings)


class GanglionFolded_rtl(GanglionFolded, GanglionChainRtl):  # noqa: N801 (FINN finds a backend by this suffix)
    """Its RTL: ganglion_folded with its program and biases."""
