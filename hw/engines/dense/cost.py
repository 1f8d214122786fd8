"""A layer on FINN's units: its lanes, what they take and how long they work.

Resources are a model of FINN's MVAU_rtl, Requant_rtl and ConvolutionInputGenerator_rtl calibrated with yosys;
FINN's own estimates are half of what int8 takes. `ganglion.hw.synth` counts what a design really takes.
"""

from dataclasses import dataclass

from ganglion.hw.engines.dense.shape import DenseShape, Window
from ganglion.hw.target.board import Board
from ganglion.hw.target.family import RAMB18
from ganglion.hw.target.resources import NOTHING, Resources

# LUTs and flip-flops of a layer's parts, as yosys 0.70 counted them for xc7 in an int8 11-255-179-3 policy.
LUT_PER_MULTIPLIER, FF_PER_MULTIPLIER = 30.5, 28
LUT_PER_MVAU, FF_PER_MVAU = 105, 60
LUT_PER_REQUANTIZER, FF_PER_REQUANTIZER = 75, 160
# A window generator's counters and addresses, and those of its padding; counted, as the streams' parts below,
# in 12 x 12 x 2 → conv 8 @ 3 x 3 / 2 → conv 8 @ 3 x 3 → fc 4 with padding 1.
LUT_PER_WINDOW, FF_PER_WINDOW = 235, 62
LUT_PER_PADDING, FF_PER_PADDING = 26, 11
# A stream's smallest FIFO and its width converter, beside what they take for each bit of a word.
LUT_PER_FIFO, FF_PER_FIFO = 17, 5
LUT_PER_NARROWING, LUT_PER_NARROWED_BIT, FF_PER_CONVERTER = 41, 3.25, 12
# FINN's memory streamers hold words in shift registers and flip-flops: width costs more than depth.
LUT_PER_STREAM_BIT, FF_PER_STREAM_BIT = 1.05, 2.5
LUT_RAM_PER_BIT_OF_32 = 0.55
# A requantizer's parameters: 25 bits of scale, 1 of shift, a bias of 25 plus the accumulator's 20 or so.
REQUANT_PARAMETER_BITS = 71
# Up to this depth a memory is cheaper as LUT RAM than as a mostly empty block RAM.
LUT_RAM_DEPTH = 64
# How many times narrower and deeper than its widest a RAMB18 can be.
NARROWED = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """A layer's lanes: `pe` outputs times `simd` inputs multiplied and `requant_pe` requantized per cycle.

    A convolution's window generator gives `window_simd` channels per cycle, its padding too.
    """

    shape: DenseShape
    pe: int
    simd: int

    @property
    def weight_depth(self) -> int:
        """Words of the weight memory."""
        return (self.shape.out_features // self.pe) * (self.shape.in_features // self.simd)

    @property
    def cycles(self) -> int:
        """Cycles per vector of the layer's slowest unit."""
        window = self.shape.window
        sliding = window_cycles(window, self.window_simd) if window else 0
        return max(self._multiplying_cycles, sliding)

    @property
    def _multiplying_cycles(self) -> int:
        """One cycle for each word of the weight memory, at each position."""
        return self.shape.positions * self.weight_depth

    @property
    def window_simd(self) -> int:
        """The fewest channels per cycle with which the window keeps up with the multipliers, if it can."""
        window = self.shape.window
        if window is None:
            return self.simd
        if window.kernel == 1:
            return next(simd for simd in reversed(divisors(self.simd)) if window.channels % simd == 0)
        choices = divisors(window.channels)
        enough = (each for each in choices if window_cycles(window, each) <= self._multiplying_cycles)
        return next(enough, choices[-1])

    @property
    def weights_in_block_ram(self) -> bool:
        """Whether the weight memory is block RAM; else LUT RAM."""
        return self.weight_depth > LUT_RAM_DEPTH

    @property
    def requant_pe(self) -> int:
        """The fewest requantizers that keep up with the multipliers and divide their lanes."""
        word_cycles = self.shape.in_features // self.simd
        return next(pe for pe in divisors(self.pe) if pe * word_cycles >= self.pe)

    def resources(self, board: Board) -> Resources:
        """Return the estimated resources of the layer on the board's part."""
        multipliers, requantizers = self.pe * self.simd, self.requant_pe
        memories = (
            (multipliers * self.shape.weight_bits, self.weight_depth),
            (requantizers * REQUANT_PARAMETER_BITS, self.shape.out_features // requantizers),
        )
        lut, ff = self._window_logic()
        for lut_of_stream, ff_of_stream in map(_connection, self._streams()):
            lut, ff = lut + lut_of_stream, ff + ff_of_stream
        lut += LUT_PER_MVAU + LUT_PER_MULTIPLIER * multipliers + LUT_PER_REQUANTIZER * requantizers
        ff += FF_PER_MVAU + FF_PER_MULTIPLIER * multipliers + FF_PER_REQUANTIZER * requantizers
        lines = (self.window_simd * self.shape.input_bits, self.window_depth)
        return Resources(
            lut=int(lut + sum(_memory_luts(*memory) for memory in memories)),
            ff=int(ff + FF_PER_STREAM_BIT * sum(width for width, _ in memories)),
            dsp=self.simd * -(-self.pe // self._products_per_dsp(board)) + requantizers,
            bram=sum(_bram(*memory) for memory in (*memories, lines)),
        )

    @property
    def window_depth(self) -> int:
        """Words of the window generator's buffer of lines; 0 without one."""
        window = self.shape.window
        if window is None or window.kernel == 1:
            return 0
        # get_buffer_depth of FINN's ConvolutionInputGenerator_rtl.
        square, columns = window.kernel**2, window.padded[1]
        words = (window.kernel - 1) * (columns + 1) + 1
        early = max(0, window.stride - 1 - square) + max(0, (window.stride - 1) * columns - square)
        return (words + early) * (window.channels // self.window_simd)

    @property
    def window_in_block_ram(self) -> bool:
        """Whether the window generator's buffer is block RAM; else LUT RAM."""
        return self.window_depth > LUT_RAM_DEPTH

    def _window_logic(self) -> tuple[float, float]:
        """Return the LUTs and flip-flops of the window generator and of the padding before it."""
        if not self.window_depth:
            return 0, 0
        width = self.window_simd * self.shape.input_bits
        is_padded = self.shape.window is not None and self.shape.window.padding > 0
        lut = LUT_PER_WINDOW + width * _lut_ram(self.window_depth) + is_padded * (LUT_PER_PADDING + 2 * width)
        ff = FF_PER_WINDOW + width + is_padded * (FF_PER_PADDING + 2 * width)
        return lut, ff

    def _streams(self) -> list[tuple[int, int]]:
        """Return the bits of a word before and behind the converter of each stream, equal without one."""
        shape, accumulator = self.shape, self.shape.accumulator_bits
        entry = self.window_simd * shape.input_bits
        streams = [(shape.input_bits, entry), (self.pe * accumulator, self.requant_pe * accumulator)]
        if shape.window:
            streams.append((entry, self.simd * shape.input_bits))
            streams += [(entry, entry)] if shape.window.padding else []
        return streams

    def _products_per_dsp(self, board: Board) -> int:
        # NUM_LANES in FINN's mvu.sv, for narrow-range weights, which `narrow_bits` guarantees.
        lane_bits = self.shape.weight_bits + self.shape.input_bits - 1
        return 1 + (board.family.dsp_bits - self.shape.weight_bits) // lane_bits


def window_cycles(window: Window, simd: int) -> int:
    """Return the cycles per map of FINN's padding and window generator (its get_exp_cycles)."""
    if window.kernel == 1:
        return 0
    rows, columns = window.padded
    filling = (window.kernel - 1) * (columns + 1) + 1
    row = max(window.columns * window.kernel**2, window.stride * columns)
    return max(rows * columns, filling + window.rows * row) * (window.channels // simd)


def divisors(number: int) -> list[int]:
    """Return the divisors of a positive number, ascending."""
    return [candidate for candidate in range(1, number + 1) if number % candidate == 0]


def total(foldings: tuple[Folding, ...], board: Board) -> Resources:
    """Return the sum of the layers' estimated resources."""
    return sum((folding.resources(board) for folding in foldings), NOTHING)


def _memory_luts(width: int, depth: int) -> float:
    """Return the LUTs of a streamed memory of `depth` words of `width` bits, its LUT RAM included."""
    return width * (LUT_PER_STREAM_BIT + _lut_ram(depth))


def _lut_ram(depth: int) -> float:
    """Return the LUTs that a bit of `depth` words takes; none where they are block RAM."""
    return LUT_RAM_PER_BIT_OF_32 * -(-depth // 32) if depth <= LUT_RAM_DEPTH else 0


def _connection(bits: tuple[int, int]) -> tuple[float, float]:
    """Return the LUTs and flip-flops of a stream's FIFO, and where its words change of converter and FIFO."""
    before, behind = bits
    lut, ff = before + LUT_PER_FIFO, before + FF_PER_FIFO
    if before != behind:
        converting = LUT_PER_NARROWED_BIT * before + LUT_PER_NARROWING if before > behind else behind
        lut += converting + behind + LUT_PER_FIFO
        ff += before + behind + FF_PER_CONVERTER + behind + FF_PER_FIFO
    return lut, ff


def _bram(width: int, depth: int) -> int:
    return 0 if depth <= LUT_RAM_DEPTH else RAMB18.needed(width, depth, NARROWED)
