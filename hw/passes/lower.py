"""QONNX becomes FINN's dialect: Gemm → MatMul, quantized weights → integers and scales, activations → MultiThreshold."""

from dataclasses import dataclass
from typing import ClassVar

from hw.finn_plugin import (
    ConvertQONNXtoFINN,
    FoldConstants,
    GiveReadableTensorNames,
    GiveUniqueNodeNames,
    InferDataTypes,
    InferShapes,
    ModelWrapper,
    NodeProto,
    RemoveStaticGraphInputs,
    cleanup_model,
)
from hw.passes.pipeline import op


@dataclass(frozen=True, slots=True, kw_only=True)
class Lower:
    """FINN's front end. Its thresholds round half up, whatever the rounding attribute says; it accepts ROUND only."""

    name: ClassVar[str] = "lower"

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph with MatMul, Mul, Add and MultiThreshold nodes."""
        model = cleanup_model(model)
        _round_as_finn(model)
        for transformation in (
            ConvertQONNXtoFINN(),
            InferShapes(),
            FoldConstants(),
            GiveUniqueNodeNames(),
            GiveReadableTensorNames(),
            InferDataTypes(),
            RemoveStaticGraphInputs(),
        ):
            model = model.transform(transformation)
        return model


def _round_as_finn(model: ModelWrapper) -> None:
    """Rename half up, which QONNX writes as HALF_UP behind a ReLU and else as half a step before FLOOR, to ROUND."""
    for quant in model.get_nodes_by_op_type("Quant"):
        if model.get_initializer(quant.input[0]) is not None:
            continue
        rounding = op(quant).get_nodeattr("rounding_mode").upper()
        if rounding == "FLOOR":
            half_step = model.find_producer(quant.input[0])
            quant.input[0] = _stream_input(model, half_step)
            model.graph.node.remove(half_step)
        if rounding in ("FLOOR", "HALF_UP"):
            op(quant).set_nodeattr("rounding_mode", "ROUND")


def _stream_input(model: ModelWrapper, node: NodeProto) -> str:
    return next(name for name in node.input if model.get_initializer(name) is None)
