"""Weights, accumulators and requantizers get the fewest bits that are exact and that FINN's RTL accepts."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.engines.dense.folding import DenseShape
from ganglion.hw.finn.passes.graph import layers, set_attributes
from ganglion.hw.finn.plugin import DataType, InferDataTypes, ModelWrapper
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork

# requant_decoupled.sv drops the low bits of anything wider than the 25-bit port of a DSP48E1.
MAX_REQUANT_INPUT_BITS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeTypes:
    """Replaces FINN's minimization, which makes types too narrow for its RTL when weights are few or small.

    mvu.sv stops on an accumulator narrower than one product, and Requant's parameters are refused when its
    input is narrow beside its shift or its bias.
    """

    name: ClassVar[str] = "size"
    network: IntNetwork
    shapes: tuple[DenseShape, ...]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph with weight and accumulator types set; CompileError if Requant refuses them."""
        for shape, (mvau, requant) in zip(self.shapes, layers(model), strict=True):
            weight_type = DataType[f"INT{shape.weight_bits}"]
            accumulator_type = DataType[f"INT{accumulator_bits(self.network, shape)}"]
            set_attributes(
                mvau,
                weightDataType=weight_type.name,
                accDataType=accumulator_type.name,
                outputDataType=accumulator_type.name,
            )
            model.set_tensor_datatype(mvau.input[1], weight_type)
            set_attributes(requant, inputDataType=accumulator_type.name)
        return model.transform(InferDataTypes())


def accumulator_bits(network: IntNetwork, shape: DenseShape) -> int:
    """Return the signed bits of a layer's accumulator: partial sums fit and the RTL's demands are met.

    The demands, with n output bits, shift s and bias b: one product (mvu.sv); s + n - 3 (Requant, "scale too
    small"); n + log2(b / 2**s), and b + 2**(s-1) within the product's width (Requant, "bias overflows").
    """
    index, layer = shape.index, network.spec.layers[shape.index]
    input_type = network.spec.input_type_of(index)
    bias = int(abs(network.biases[index]).max(initial=0))
    half = (1 << layer.shift) >> 1
    bits = max(
        int(network.accumulator_bound(index).max()).bit_length() + 1,
        shape.weight_bits + input_type.bits - input_type.signed,
        layer.shift + layer.output_type.bits - 3,
        layer.output_type.bits + bias.bit_length() - 1 - layer.shift if bias else 0,
        (bias + half).bit_length(),
    )
    if bits > MAX_REQUANT_INPUT_BITS:
        raise CompileError(
            f"{layer.name}: shift {layer.shift}, bias {bias} and {layer.output_type.name} need "
            f"a requantizer of {bits} bits, allowed {MAX_REQUANT_INPUT_BITS}; "
            "raise the weight's scale or lower the output's"
        )
    return bits
