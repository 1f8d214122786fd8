"""What FINN's units must be for a dense layer: its size, and the fewest bits that are exact there."""

from dataclasses import dataclass

from ganglion.models.build.errors import CompileError
from ganglion.models.layers import dense_layers
from ganglion.models.reference import IntNetwork

# requant_decoupled.sv drops the low bits of anything wider than the 25-bit port of a DSP48E1.
MAX_REQUANT_INPUT_BITS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseShape:
    """What the folding of a layer depends on."""

    name: str
    in_features: int
    out_features: int
    weight_bits: int
    input_bits: int
    accumulator_bits: int


def dense_shapes(network: IntNetwork) -> tuple[DenseShape, ...]:
    """Return the shapes of the layers; CompileError where Requant refuses one."""
    return tuple(
        DenseShape(
            name=layer.name,
            in_features=layer.in_features,
            out_features=layer.out_features,
            weight_bits=_weight_bits(network, index),
            input_bits=network.spec.input_type_of(index).bits,
            accumulator_bits=accumulator_bits(network, index),
        )
        for index, layer in enumerate(dense_layers(network.spec.layers))
    )


def narrow_bits(low: int, high: int) -> int:
    """Return the bits, 2 at least, of the smallest signed type whose symmetric range holds both values.

    MVAU_rtl needs weights above the type's lowest value on 7-series, and packs more per DSP elsewhere.
    """
    return max(2, max(-low, high).bit_length() + 1)


def _weight_bits(network: IntNetwork, index: int) -> int:
    weight = network.weights[index]
    return narrow_bits(int(weight.min()), int(weight.max()))


def accumulator_bits(network: IntNetwork, index: int) -> int:
    """Return the signed bits of a layer's accumulator: partial sums fit and the RTL's demands are met.

    The demands, with n output bits, shift s and bias b: one product (mvu.sv); s + n - 3 (Requant, "scale too
    small"); n + log2(b / 2**s), and b + 2**(s-1) within the product's width (Requant, "bias overflows").
    """
    layer, input_type = network.spec.layers[index], network.spec.input_type_of(index)
    bias = int(abs(network.biases[index]).max(initial=0))
    half = (1 << layer.shift) >> 1
    bits = max(
        int(network.accumulator_bound(index).max()).bit_length() + 1,
        _weight_bits(network, index) + input_type.bits - input_type.signed,
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
