"""Convolutions to matrices: every Conv becomes Im2Col and MatMul over maps with channels last."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.finn.passes.graph import set_attributes
from ganglion.hw.finn.plugin import (
    AbsorbConsecutiveTransposes,
    AbsorbTransposeIntoMultiThreshold,
    LowerConvsToMatMul,
    ModelWrapper,
    RemoveUnusedTensors,
    Streamline,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerConvolutions:
    """qonnx's lowering; the transposes that it adds cancel out, but for the one before a flattened map."""

    name: ClassVar[str] = "lower convolutions"

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return runs of (Im2Col? MatMul MultiThreshold)+, [Transpose Flatten] before a dense layer."""
        model = model.transform(LowerConvsToMatMul())
        for node in model.get_nodes_by_op_type("Im2Col"):
            set_attributes(node, depthwise=0)
        _forget_depthwise(model)
        for transformation in (
            AbsorbTransposeIntoMultiThreshold(),
            AbsorbConsecutiveTransposes(),
            Streamline(),
            Streamline(),
            RemoveUnusedTensors(),
        ):
            model = model.transform(transformation)
        return model


def _forget_depthwise(model: ModelWrapper) -> None:
    """Remove qonnx's mark of depthwise weights: a convolution from one channel to one is taken for that."""
    for annotation in model.graph.quantization_annotation:
        entries = annotation.quant_parameter_tensor_names
        kept = [entry for entry in entries if entry.key != "tensor_sparsity"]
        del entries[:]
        entries.extend(kept)
