"""What an unrolled network will take, before minutes are spent on solving it.

Fitted to sparse networks of 1,000 to 4,300 nonzeros with 4 and 8 bits: LUTs within 10% and flip-flops within
25% of what is built, cycles within three with ternary adders. Small dense networks: within 30%.
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
BINARY_SHARE = 1.45
# Flip-flops for each LUT, times the adders in a stage, for 1, 2, 3, and more: with one, long delays become
# shift registers.
FFS_PER_LUT = (1.34, 1.49, 1.49, 1.35)
STREAM_LUTS, STREAM_FFS = 55, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Counts of primitives, and cycles from an accepted vector to its result; one vector a clock."""

    resources: Resources
    latency_cycles: int


def predict(network: IntNetwork, shape: UnrolledShape) -> Prediction:
    """Return what `network` takes in an engine of this shape."""
    adders_per_stage, adder_inputs = shape.adders_per_stage, shape.adder_inputs
    luts, levels = 0.0, 0
    for index, (spec, weight) in enumerate(zip(network.spec.layers, network.weights, strict=True)):
        digits = csd_digits(weight)
        in_bits = network.spec.input_type_of(index).bits
        adders = float(digits.sum()) * (DIGIT_LUTS + DIGIT_LUTS_PER_BIT * in_bits)
        luts += adders * (1 if adder_inputs > 2 else BINARY_SHARE)
        luts += spec.n_outputs * NEURON_LUTS
        # Sharing makes the tree one level deeper than its operands alone would.
        longest = max(1, int(digits.sum(axis=1).max()))
        levels += ceil(log(longest + 1, adder_inputs)) + (longest > adder_inputs)
    registered = luts * FFS_PER_LUT[min(adders_per_stage, len(FFS_PER_LUT)) - 1] / adders_per_stage
    return Prediction(
        resources=Resources(lut=round(luts) + STREAM_LUTS, ff=round(registered) + STREAM_FFS, dsp=0, bram=0),
        latency_cycles=ceil((levels + shape.pipelining * len(network.weights)) / adders_per_stage) + 1,
    )
