"""Every MatMul becomes a matrix-vector unit (MVAU), every MultiThreshold a Requant, every Im2Col a window."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.finn.plugin import (
    HARDWARE_DOMAIN,
    GiveUniqueNodeNames,
    InferConvInpGen,
    InferDataTypes,
    InferQuantizedMatrixVectorActivation,
    InferRequantLayer,
    InferShapes,
    ModelWrapper,
    RemoveCNVtoFCFlatten,
)
from ganglion.models.build.errors import CompileError

# Requant wherever there is more than one threshold: thresholds cost an entry per level and channel.
FEWEST_REQUANT_BITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertToHardware:
    """FINN's inference of hardware operators; a node that stays behind has no hardware."""

    name: ClassVar[str] = "convert"

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return MVAU, Requant, window and our engines' nodes; any other raises CompileError naming it."""
        for transformation in (
            InferConvInpGen(),
            InferRequantLayer(bitwidth_threshold=FEWEST_REQUANT_BITS),
            InferQuantizedMatrixVectorActivation(),
            RemoveCNVtoFCFlatten(),
            GiveUniqueNodeNames(),
            InferShapes(),
            InferDataTypes(),
        ):
            model = model.transform(transformation)
        for node in model.graph.node:
            if node.domain != HARDWARE_DOMAIN:
                raise CompileError(
                    f"{node.name}: {node.op_type} is left between the layers and has no hardware; "
                    "a policy is a chain of convolutions and dense layers with power-of-two scales"
                )
        return model
