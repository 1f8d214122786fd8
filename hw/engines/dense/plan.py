"""Dense layers on FINN's units: the lanes of each, what they take and how long they work.

Resources are a model of FINN's MVAU_rtl and Requant_rtl calibrated with yosys; FINN's own estimates are half
of what int8 takes. `ganglion.hw.synth` counts what a design really takes.
"""

from dataclasses import dataclass

from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.engines.dense.shape import DenseShape
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import NOTHING, Resources
from ganglion.models.reference import IntNetwork

# LUTs and flip-flops of a layer's parts, as yosys 0.70 counted them for xc7 in an int8 11-255-179-3 policy.
LUT_PER_MULTIPLIER, FF_PER_MULTIPLIER = 30, 28
LUT_PER_REQUANTIZER, FF_PER_REQUANTIZER = 75, 160
# FINN's memory streamers hold words in shift registers and flip-flops: width costs more than depth.
LUT_PER_STREAM_BIT, FF_PER_STREAM_BIT = 1.05, 2.5
LUT_RAM_PER_BIT_OF_32 = 0.55
# A requantizer's parameters: 25 bits of scale, 1 of shift, a bias of 25 plus the accumulator's 20 or so.
REQUANT_PARAMETER_BITS = 71
# FIFOs and width converters on top of the layers.
LUT_OVERHEAD, FF_OVERHEAD = 1.17, 1.06
# Measured: what a layer adds to its multiplying cycles, in pipelines, queues and converters.
LAYER_CYCLES = 19
# Up to this depth a memory is cheaper as LUT RAM than as a mostly empty block RAM.
LUT_RAM_DEPTH = 64
BEHAVIOURAL = (
    "mvu.sv: under Verilator the DSP slices are FINN's behavioural model; synthesis instantiates DSP48"
)
# Width and depth a RAMB18 can take.
BRAM18_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """A layer's lanes: `pe` outputs times `simd` inputs multiplied and `requant_pe` requantized per cycle."""

    shape: DenseShape
    pe: int
    simd: int

    @property
    def weight_depth(self) -> int:
        """Words of the weight memory."""
        return (self.shape.out_features // self.pe) * (self.shape.in_features // self.simd)

    @property
    def cycles(self) -> int:
        """Cycles per vector, one per word of the weight memory."""
        return self.weight_depth

    @property
    def weights_in_block_ram(self) -> bool:
        """Whether the weight memory is block RAM; else LUT RAM."""
        return self.weight_depth > LUT_RAM_DEPTH

    @property
    def requant_pe(self) -> int:
        """The fewest requantizers that keep up with the multipliers and divide their lanes."""
        word_cycles = self.shape.in_features // self.simd
        return next(lanes for lanes in divisors(self.pe) if lanes * word_cycles >= self.pe)

    def resources(self, board: Board) -> Resources:
        """Return the estimated resources of the layer on the board's part."""
        multipliers, requantizers = self.pe * self.simd, self.requant_pe
        memories = (
            (multipliers * self.shape.weight_bits, self.weight_depth),
            (requantizers * REQUANT_PARAMETER_BITS, self.shape.out_features // requantizers),
        )
        lut = LUT_PER_MULTIPLIER * multipliers + LUT_PER_REQUANTIZER * requantizers
        ff = FF_PER_MULTIPLIER * multipliers + FF_PER_REQUANTIZER * requantizers
        return Resources(
            lut=int(LUT_OVERHEAD * (lut + sum(_memory_luts(*memory) for memory in memories))),
            ff=int(FF_OVERHEAD * (ff + FF_PER_STREAM_BIT * sum(width for width, _ in memories))),
            dsp=self.simd * -(-self.pe // self._products_per_dsp(board)) + requantizers,
            bram=sum(_bram(*memory) for memory in memories),
        )

    def _products_per_dsp(self, board: Board) -> int:
        # NUM_LANES in FINN's mvu.sv, for narrow-range weights, which `narrow_bits` guarantees.
        lane_bits = self.shape.weight_bits + self.shape.input_bits - 1
        return 1 + (board.family.dsp_bits - self.shape.weight_bits) // lane_bits


@dataclass(frozen=True, slots=True, kw_only=True)
class DensePlan:
    """A run of layers on FINN's units; a ganglion.hw.engines.engine.Plan, and its own Block."""

    network: IntNetwork
    foldings: tuple[Folding, ...]
    board: Board

    @property
    def entry(self) -> StreamFormat:
        """The stream that the first layer reads."""
        first = self.foldings[0]
        return stream(self.network.spec.input_type, first.shape.in_features, first.simd)

    @property
    def egress(self) -> StreamFormat:
        """The stream that the last layer writes."""
        last = self.foldings[-1]
        return stream(self.network.spec.layers[-1].output_type, last.shape.out_features, last.requant_pe)

    input, output = entry, egress

    @property
    def resources(self) -> Resources:
        """The sum of the layers' estimated resources."""
        return total(self.foldings, self.board)

    @property
    def latency_cycles(self) -> int:
        """Predicted cycles from a vector's first word to its result."""
        return sum(folding.cycles + LAYER_CYCLES for folding in self.foldings)

    @property
    def sending_cycles(self) -> int:
        """Cycles in which the last layer's results come, as they are multiplied."""
        return self.foldings[-1].cycles

    @property
    def interval_cycles(self) -> int:
        """Cycles of the slowest layer."""
        return max(folding.cycles for folding in self.foldings)

    @property
    def behavioural(self) -> tuple[str, ...]:
        """FINN's DSP slices."""
        return (BEHAVIOURAL,)

    def layer_cycles(self) -> list[int]:
        """Return the cycles of each layer."""
        return [folding.cycles for folding in self.foldings]

    def layer_figures(self) -> list[dict[str, int]]:
        """Return the lanes and widths of each layer."""
        return [
            {
                "pe": folding.pe,
                "simd": folding.simd,
                "requant_pe": folding.requant_pe,
                "weight_bits": folding.shape.weight_bits,
                "accumulator_bits": folding.shape.accumulator_bits,
            }
            for folding in self.foldings
        ]

    def verify(self) -> None:
        """Do nothing: the lanes of FINN's units change no number."""

    def block(self, source_lanes: int | None, sink_lanes: int | None) -> "DensePlan":
        """Return the plan itself: FINN's converters stand between it and its neighbours."""
        return self


def divisors(number: int) -> list[int]:
    """Return the divisors of a positive number, ascending."""
    return [candidate for candidate in range(1, number + 1) if number % candidate == 0]


def total(foldings: tuple[Folding, ...], board: Board) -> Resources:
    """Return the sum of the layers' estimated resources."""
    return sum((folding.resources(board) for folding in foldings), NOTHING)


def _memory_luts(width: int, depth: int) -> float:
    """Return the LUTs of a streamed memory of `depth` words of `width` bits, its LUT RAM included."""
    lut_ram = LUT_RAM_PER_BIT_OF_32 * -(-depth // 32) if depth <= LUT_RAM_DEPTH else 0
    return width * (LUT_PER_STREAM_BIT + lut_ram)


def _bram(width: int, depth: int) -> int:
    if depth <= LUT_RAM_DEPTH:
        return 0
    return min(-(-width // bits) * -(-depth // words) for bits, words in BRAM18_SHAPES)
