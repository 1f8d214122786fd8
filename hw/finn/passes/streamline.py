"""Scales move down the graph and into the thresholds, so that only integers flow between the layers."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.finn.plugin import (
    AbsorbScalarBiasIntoMultiThreshold,
    ModelWrapper,
    RemoveUnusedTensors,
    Streamline,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveScales:
    """FINN's streamlining (arXiv:1709.04060), twice as FINN's own flow does it."""

    name: ClassVar[str] = "streamline"

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return runs of (MatMul MultiThreshold)+, integers at their ends."""
        transformations = (
            AbsorbScalarBiasIntoMultiThreshold(),
            Streamline(),
            Streamline(),
            RemoveUnusedTensors(),
        )
        for transformation in transformations:
            model = model.transform(transformation)
        return model
