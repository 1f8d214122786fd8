"""QONNX to FINN's dialect: Gemm → MatMul, weights → integers and scales, activations → MultiThreshold."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.finn.passes.graph import constant, producer, set_attributes, text_attribute
from ganglion.hw.finn.plugin import (
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lower:
    """FINN's front end. It accepts rounding ROUND only, and its thresholds then round half up."""

    name: ClassVar[str] = "lower"

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph of MatMul, Conv, Mul, Add and MultiThreshold nodes, and those of engines."""
        model = cleanup_model(model)
        _round_as_finn(model)
        _fold_convolution_biases(model)
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
    """Rename half up to ROUND; it is HALF_UP behind a ReLU and else half a step before FLOOR."""
    for quant in model.get_nodes_by_op_type("Quant"):
        if model.get_initializer(quant.input[0]) is not None:
            continue
        rounding = text_attribute(quant, "rounding_mode").upper()
        if rounding == "FLOOR":
            half_step = producer(model, quant.input[0])
            quant.input[0] = _stream_input(model, half_step)
            model.graph.node.remove(half_step)
        if rounding in ("FLOOR", "HALF_UP"):
            set_attributes(quant, rounding_mode="ROUND")


def _fold_convolution_biases(model: ModelWrapper) -> None:
    """Make the biases of convolutions plain constants: qonnx cannot reshape the scalar scale of a Quant."""
    for node in model.get_nodes_by_op_type("Conv"):
        quant = producer(model, node.input[2])
        model.set_initializer(node.input[2], constant(model, quant.input[0]))
        model.graph.node.remove(quant)


def _stream_input(model: ModelWrapper, node: NodeProto) -> str:
    return next(name for name in node.input if model.get_initializer(name) is None)
