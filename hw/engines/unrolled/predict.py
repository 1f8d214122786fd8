"""What an unrolled network will take, before minutes are spent on solving it.

Fitted to sparse networks of 1,000 to 4,300 nonzeros with 4 and 8 bits: LUTs within 10% and flip-flops within
25% of what is built, cycles within three with ternary adders. Small dense networks: within 30%.

Plain adders: LUTs within 15% of `plain_cost` and flip-flops within 30%, over 19 networks of 64 to 1,791
nonzeros, random and shipped: random sparse ones take up to 12% more, trained ones up to 14% less.
"""

from dataclasses import dataclass
from math import ceil, log

from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.target.resources import Resources
from ganglion.models.quant.csd import csd_digits
from ganglion.models.reference import IntNetwork

# LUTs for each signed digit: a share of an adder, whose width follows that of the activations.
DIGIT_LUTS, DIGIT_LUTS_PER_BIT = 1.0, 0.316
# A neuron's last adder and its clip.
NEURON_LUTS = 4.2
# Plain adders: LUTs for each bit of an activation and each digit; the more digits, the more is shared.
PLAIN_LUTS, PLAIN_SHARING = 2.32, 0.9
# Flip-flops for each LUT, times the adders in a stage, for 1, 2, 3, and more: with one, long delays become
# shift registers.
FFS_PER_LUT = (1.34, 1.49, 1.49, 1.35)
# The same with plain adders, and what pipelining adds: nothing becomes a shift register.
PLAIN_FFS_PER_LUT, PIPELINING_FFS_PER_LUT = (0.95, 0.94, 0.90, 0.81), 0.11
STREAM_LUTS, STREAM_FFS = 55, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Counts of primitives, and cycles from an accepted vector to its result; one vector a clock."""

    resources: Resources
    """Of a Xilinx part, or of plain adders as `plain_cost` counts them."""
    latency_cycles: int


def predict(network: IntNetwork, shape: UnrolledShape) -> Prediction:
    """Return what `network` takes in an engine of this shape."""
    adders_per_stage, adder_inputs = shape.adders_per_stage, shape.adder_inputs
    luts, levels = 0.0, 0
    for index, (spec, weight) in enumerate(zip(network.spec.layers, network.weights, strict=True)):
        digits = csd_digits(weight)
        in_bits, total = network.spec.input_type_of(index).bits, float(digits.sum())
        if shape.xc7:
            luts += total * (DIGIT_LUTS + DIGIT_LUTS_PER_BIT * in_bits) + spec.n_outputs * NEURON_LUTS
        else:
            luts += PLAIN_LUTS * in_bits * total**PLAIN_SHARING
        # Sharing makes the tree one level deeper than its operands alone would.
        longest = max(1, int(digits.sum(axis=1).max()))
        levels += ceil(log(longest + 1, adder_inputs)) + (longest > adder_inputs)
    return Prediction(
        resources=Resources(
            lut=round(luts) + STREAM_LUTS,
            ff=round(luts * _ffs_per_lut(shape) / adders_per_stage) + STREAM_FFS,
            dsp=0,
            bram=0,
        ),
        latency_cycles=ceil((levels + shape.pipelining * len(network.weights)) / adders_per_stage) + 1,
    )


def _ffs_per_lut(shape: UnrolledShape) -> float:
    ratios = FFS_PER_LUT if shape.xc7 else PLAIN_FFS_PER_LUT
    found = ratios[min(shape.adders_per_stage, len(ratios)) - 1]
    return found if shape.xc7 else found + PIPELINING_FFS_PER_LUT * shape.pipelining
