"""Every operator takes its RTL backend for the board's part; none may need high-level synthesis."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.finn.passes.graph import set_attributes
from ganglion.hw.finn.plugin import (
    HARDWARE_DOMAIN,
    GiveUniqueNodeNames,
    InferDataTypes,
    InferShapes,
    ModelWrapper,
    SpecializeLayers,
    is_rtl,
)
from ganglion.models.build.errors import CompileError


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecializeToRtl:
    """FINN's choice of backends for the FPGA `part`."""

    name: ClassVar[str] = "specialize"
    part: str

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph of *_rtl nodes; one that FINN gives to HLS raises CompileError naming it."""
        for node in model.graph.node:
            if node.domain == HARDWARE_DOMAIN:
                # By itself FINN gives weights or activations below 4 bits to HLS, though its RTL takes 2.
                set_attributes(node, preferred_impl_style="rtl")
        for transformation in (
            SpecializeLayers(self.part),
            GiveUniqueNodeNames(),
            InferShapes(),
            InferDataTypes(),
        ):
            model = model.transform(transformation)
        for node in model.graph.node:
            if not is_rtl(node):
                raise CompileError(f"{node.name}: {node.op_type} has no RTL backend on {self.part}, only HLS")
            # What FINN calls cppsim is, for RTL nodes, execution in Python.
            set_attributes(node, exec_mode="cppsim")
        return model
