"""The FINN op of the folded engine: a chain of dense layers as one node; see folded.md beside it."""

from typing import Any

from hw.finn_plugin import ModelWrapper, NodeProto
from hw.folded.build import FoldedPlan, plan
from hw.folded.settings import FoldedSettings, Multiplier
from hw.ops.chain import GanglionChain, GanglionChainRtl, insert_chain
from hw.ops.parameters import attribute
from hw.sparse_node import Plan, SparseNode
from models.reference import IntNetwork

# The settings that a node carries under their own names.
SHAPE = ("lanes", "banks", "copies", "output_lanes")


def insert_folded(model: ModelWrapper, node: SparseNode, source: str, sink: str, name: str) -> NodeProto:
    """Return a GanglionFolded node added between two tensors of a graph; parameters become initializers."""
    assert isinstance(node.plan, FoldedPlan)
    settings = node.plan.program.settings
    attributes = {
        **{key: getattr(settings, key) for key in SHAPE},
        "input_lanes": settings.input_lanes or 0,
        "multiplier": settings.multiplier.value,
    }
    return insert_chain(model, node, attributes, source, sink, name)


class GanglionFolded(GanglionChain):
    """A chain of layers on the folded engine."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Return FINN's attributes and ours; see folded.md."""
        own = {
            **{name: ("i", True, 0) for name in SHAPE},
            "input_lanes": ("i", False, 0),
            "multiplier": ("s", False, "dsp", {"dsp", "lut"}),
        }
        return super().get_nodeattr_types() | own

    def plan_of(self, network: IntNetwork) -> Plan:
        """Return the schedule of the node's network."""
        settings = FoldedSettings(
            **{name: attribute(self, name) for name in SHAPE},
            input_lanes=attribute(self, "input_lanes") or None,
            multiplier=Multiplier(attribute(self, "multiplier")),
        )
        return plan(network, settings)


class GanglionFolded_rtl(GanglionFolded, GanglionChainRtl):  # noqa: N801 (FINN finds a backend by this suffix)
    """Its RTL: ganglion_folded with its program and biases."""
