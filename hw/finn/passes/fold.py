"""Each layer gets its lanes and its weight memory's style."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.engines.dense.plan import Folding
from ganglion.hw.finn.passes.graph import layers, set_attributes
from ganglion.hw.finn.plugin import ModelWrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyFolding:
    """Writes the chosen `foldings` into the nodes."""

    name: ClassVar[str] = "fold"
    foldings: tuple[Folding, ...]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the folded graph, parameters in memories of their own ("decoupled")."""
        for (mvau, requant), folding in zip(layers(model), self.foldings, strict=True):
            set_attributes(
                mvau,
                PE=folding.pe,
                SIMD=folding.simd,
                resType="dsp",
                mem_mode="internal_decoupled",
                ram_style="block" if folding.weights_in_block_ram else "distributed",
            )
            # Requant's embedded mode prints its scales with "%.6f", which is not exact.
            set_attributes(requant, PE=folding.requant_pe, mem_mode="internal_decoupled")
        return model
