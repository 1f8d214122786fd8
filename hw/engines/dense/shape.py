"""What FINN's units must be for a layer: a matrix over each position of a map, in the fewest exact bits."""

from dataclasses import dataclass

from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.layers import Conv2d, Dense, Layer
from ganglion.models.reference import IntNetwork, Ints

# requant_decoupled.sv drops the low bits of anything wider than the 25-bit port of a DSP48E1.
MAX_REQUANT_INPUT_BITS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The square window that a convolution slides over `channels` planes of `height` x `width` values."""

    channels: int
    height: int
    width: int
    kernel: int
    stride: int
    padding: int

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns with the padding."""
        return self.height + 2 * self.padding, self.width + 2 * self.padding

    @property
    def rows(self) -> int:
        """Positions from top to bottom."""
        return (self.padded[0] - self.kernel) // self.stride + 1

    @property
    def columns(self) -> int:
        """Positions from left to right."""
        return (self.padded[1] - self.kernel) // self.stride + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseShape:
    """What the folding of a layer depends on: a matrix, and the window that is slid over a map, if any."""

    name: str
    in_features: int
    out_features: int
    weight_bits: int
    input_bits: int
    accumulator_bits: int
    window: Window | None = None

    @property
    def positions(self) -> int:
        """How often the matrix is multiplied for an input."""
        return self.window.rows * self.window.columns if self.window else 1


def dense_shapes(network: IntNetwork) -> tuple[DenseShape, ...]:
    """Return the shapes of the layers; CompileError for a map at the end, or where Requant refuses one."""
    if isinstance(last := network.spec.layers[-1], Conv2d):
        raise CompileError(
            f"{last.name}: a convolution is the last layer of a run on {spelled('engine', 'dense')}, whose "
            "maps leave with channels last; end the run with a dense layer"
        )
    return tuple(_shape(network, index) for index in range(len(network.spec.layers)))


def _shape(network: IntNetwork, index: int) -> DenseShape:
    layer = network.spec.layers[index]
    out_features, in_features = weight_matrix(network, index).shape
    return DenseShape(
        name=layer.name,
        in_features=in_features,
        out_features=out_features,
        weight_bits=_weight_bits(network, index),
        input_bits=network.spec.input_type_of(index).bits,
        accumulator_bits=accumulator_bits(network, index),
        window=_window(layer) if isinstance(layer, Conv2d) else None,
    )


def _window(layer: Conv2d) -> Window:
    return Window(
        channels=layer.in_channels,
        height=layer.height,
        width=layer.width,
        kernel=layer.kernel,
        stride=layer.stride,
        padding=layer.padding,
    )


def without_rtl(layer: Layer) -> str | None:
    """Return the operator of a layer for which FINN has no RTL, if there is one."""
    if layer.residual is not None:
        return "Add (a residual)"
    if layer.pre_relu:
        return "Relu (on reading)"
    if layer.source is not None:
        return "DuplicateStreams (a fork)"
    return None if isinstance(layer, Dense | Conv2d) else layer.operators[0]


def weight_matrix(network: IntNetwork, index: int) -> Ints:
    """Return a layer's weights, [out, in], the columns in the order in which values arrive.

    Maps travel position by position, channels last; a flattened one does too.
    """
    layer, weight = network.spec.layers[index], network.weights[index]
    source = network.spec.shape(network.spec.source(index))
    planes = weight.shape if isinstance(layer, Conv2d) else (len(weight), *source)
    if len(planes) != 4:
        return weight
    return weight.reshape(planes).transpose(0, 2, 3, 1).reshape(len(weight), -1)


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
