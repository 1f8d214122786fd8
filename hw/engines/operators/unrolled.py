"""The FINN op of the unrolled engine: a chain of dense layers as one node; see unrolled.md beside it."""

from typing import Any

from ganglion.hw.engines.operators.chain import GanglionChain, GanglionChainRtl, insert_chain
from ganglion.hw.engines.operators.parameters import attribute
from ganglion.hw.engines.sparse_node import Plan, SparseNode
from ganglion.hw.engines.unrolled.build import UnrolledPlan, plan
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.finn.plugin import ModelWrapper, NodeProto
from ganglion.models.reference import IntNetwork


def insert_unrolled(model: ModelWrapper, node: SparseNode, source: str, sink: str, name: str) -> NodeProto:
    """Return a GanglionUnrolled node added between two tensors of a graph; parameters become initializers."""
    assert isinstance(node.plan, UnrolledPlan)
    settings = node.plan.settings
    attributes = {
        "cut": settings.cut,
        "csdDigits": settings.csd_digits or 0,
        "adderInputs": settings.adder_inputs,
        "xc7": int(settings.xc7),
    }
    return insert_chain(model, node, attributes, source, sink, name)


class GanglionUnrolled(GanglionChain):
    """A chain of layers on the unrolled engine."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Return FINN's attributes and ours; see unrolled.md."""
        own = {
            "cut": ("i", True, 0),
            "csdDigits": ("i", False, 0),
            "adderInputs": ("i", False, 3, {2, 3}),
            "xc7": ("i", False, 1, {0, 1}),
        }
        return super().get_nodeattr_types() | own

    def plan_of(self, network: IntNetwork) -> Plan:
        """Return the adder graph of the node's network."""
        settings = UnrolledSettings(
            cut=attribute(self, "cut"),
            csd_digits=attribute(self, "csdDigits") or None,
            adder_inputs=attribute(self, "adderInputs"),
            xc7=bool(attribute(self, "xc7")),
        )
        return plan(network, settings)


class GanglionUnrolled_rtl(GanglionUnrolled, GanglionChainRtl):  # noqa: N801 (FINN finds a backend by it)
    """Its RTL: a pipeline of adders of its own, between streams."""
