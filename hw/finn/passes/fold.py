"""Each layer gets its lanes and its weight memory's style."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.engines.dense.cost import Folding
from ganglion.hw.finn.passes.graph import is_kind, layers, set_attributes, windows
from ganglion.hw.finn.plugin import ModelWrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyFolding:
    """Writes the chosen `foldings` into the nodes."""

    name: ClassVar[str] = "fold"
    foldings: tuple[Folding, ...]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the folded graph, parameters in memories of their own ("decoupled")."""
        nodes = zip(layers(model), windows(model), self.foldings, strict=True)
        for (mvau, requant), window, folding in nodes:
            for node in window:
                set_attributes(node, SIMD=folding.window_simd)
                if is_kind(node, NodeKind.WINDOW):
                    set_attributes(node, ram_style=_style(folding.window_in_block_ram))
            set_attributes(
                mvau,
                PE=folding.pe,
                SIMD=folding.simd,
                resType="dsp",
                mem_mode="internal_decoupled",
                ram_style=_style(folding.weights_in_block_ram),
            )
            # Requant's embedded mode prints its scales with "%.6f", which is not exact.
            set_attributes(requant, PE=folding.requant_pe, mem_mode="internal_decoupled")
        return model


def _style(in_block_ram: bool) -> str:
    return "block" if in_block_ram else "distributed"
