"""FINN's nodes get exactly the policy's integers, in the fewest bits that its RTL accepts."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ganglion.hw.engines.dense.cost import Folding
from ganglion.hw.finn.passes.graph import constant, layers, set_attributes, text_attribute
from ganglion.hw.finn.plugin import DataType, InferDataTypes, ModelWrapper, NodeProto
from ganglion.models.build.errors import MismatchError
from ganglion.models.equality import require_equal
from ganglion.models.layers import Layer
from ganglion.models.reference import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class FinnLayer:
    """A layer that FINN's nodes compute: its meaning, its weights as a matrix [out, in], biases, folding."""

    spec: Layer
    weight: Ints
    bias: Ints
    folding: Folding


@dataclass(frozen=True, slots=True, kw_only=True)
class PinConstants:
    """Checks FINN's weights, and replaces its Requant constants and its types.

    The constants come from float32 thresholds, which cannot carry a large shift beside an odd bias; 2**-shift
    and b * 2**-shift are exact. FINN's types are too narrow for its RTL when weights are few or small: mvu.sv
    stops on an accumulator narrower than one product, and Requant's parameters are refused when its input is
    narrow beside its shift or its bias.
    """

    name: ClassVar[str] = "pin"
    layers: tuple[FinnLayer, ...]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph with constants and types set; other weights raise MismatchError."""
        for layer, (mvau, requant) in zip(self.layers, layers(model), strict=True):
            self._pin_mvau(model, layer, mvau)
            self._pin_requant(model, layer, requant)
        return model.transform(InferDataTypes())

    def _pin_mvau(self, model: ModelWrapper, layer: FinnLayer, mvau: NodeProto) -> None:
        where = f"pass {self.name}: {layer.spec.name}: weights"
        require_equal(where, layer.weight, constant(model, mvau.input[1]).T)
        weight_type = DataType[f"INT{layer.folding.shape.weight_bits}"]
        accumulator = f"INT{layer.folding.shape.accumulator_bits}"
        set_attributes(
            mvau, weightDataType=weight_type.name, accDataType=accumulator, outputDataType=accumulator
        )
        model.set_tensor_datatype(mvau.input[1], weight_type)

    def _pin_requant(self, model: ModelWrapper, layer: FinnLayer, requant: NodeProto) -> None:
        spec = layer.spec
        if (got := text_attribute(requant, "outputDataType")) != spec.output_type.name:
            raise MismatchError(
                f"pass {self.name}: {spec.name}: type: expected {spec.output_type.name}, got {got}"
            )
        bias = np.ldexp(layer.bias, -spec.shift)
        model.set_initializer(requant.input[1], np.full(len(bias), 2.0**-spec.shift, dtype=np.float32))
        model.set_initializer(requant.input[2], bias.astype(np.float32))
        set_attributes(requant, inputDataType=f"INT{layer.folding.shape.accumulator_bits}")
