"""What a planar engine takes of a part: DSPs and memories by their shapes, LUTs and FFs by a fit."""

from math import gcd

from ganglion.hw.engines.planar.emit import input_format, output_format
from ganglion.hw.engines.planar.program import Program
from ganglion.hw.target.family import RAMB18, BlockRam, Family
from ganglion.hw.target.resources import Resources
from ganglion.models.layers import MaxPool2d

XILINX_DSP_BITS = 25
NARROWED = (1, 2, 4)
"""How many times narrower and deeper than its widest a memory may be."""
BANK_BITS = 36
"""Bits of the banks that share a memory; ganglion_planar_banks.sv knows it."""
CLIP_LUTS = 3
"""What clips a lane's sum, beside a LUT a bit."""
# Fitted to yosys: control, and how many LUTs it makes of each that the structure needs.
CONTROL_LUTS, CONTROL_FFS, LUT_SHARE = 270, 230, 1.3
INPUTS_OF_LUT = 4
"""A LUT of six inputs selects one of so many."""


def estimate(program: Program) -> Resources:
    """Return the resources of a program's engine on a Xilinx part."""
    return _resources(program, RAMB18, XILINX_DSP_BITS, dsp_accumulates=True)


def on_part(program: Program, family: Family) -> Resources:
    """Return the resources of a program's engine on a family's part."""
    return _resources(program, family.bram, family.dsp_bits, family.dsp_accumulates)


def _resources(program: Program, bram: BlockRam, dsp_bits: int, dsp_accumulates: bool) -> Resources:
    lut, ff, lanes = _luts(program), _ffs(program), program.shape.lanes
    if not dsp_accumulates or program.shape.packing > 1:
        lut += lanes * program.accumulator_bits
        ff += lanes * program.accumulator_bits
    if program.shape.packing > 1:
        more_shifts = len(set(program.requantizations)) - 1
        lut += lanes * more_shifts * (program.value_bits + CLIP_LUTS)
        ff += lanes * program.value_bits
    return Resources(
        lut=lut,
        ff=ff,
        dsp=program.shape.multipliers * (1 if program.lifted_bits <= dsp_bits else 2),
        bram=sum(
            bram.needed(program.word_bits, words, NARROWED)
            + bram.needed(program.bias_bits, sum(map(len, shares)), NARROWED)
            + _banks(program, bram)
            for words, shares in zip(program.stream_words, zip(*program.shares, strict=True), strict=True)
        ),
    )


def _luts(program: Program) -> int:
    """Return the LUTs: to select a neighbour in two steps, to clip, pool and write, of the streams' ends."""
    bits, shape = program.value_bits, program.shape
    near, far = program.reach
    select = -(-(far - near) // (INPUTS_OF_LUT - 1)) * bits
    shifter = shape.streams * select * shape.rows * (program.bank_columns + shape.columns)
    lanes = shape.lanes * (bits + CLIP_LUTS + 2 * _pooled_bits(program))
    write = program.bank_rows * program.bank_columns * bits
    return shape.streams * CONTROL_LUTS + round(LUT_SHARE * (shifter + lanes + write + _ends(program)))


def _pooled_bits(program: Program) -> int:
    """Return the bits that a lane compares with the largest value so far, and holds outside its DSP."""
    return program.value_bits + 1 if any(isinstance(layer, MaxPool2d) for layer in program.layers) else 0


def _ends(program: Program) -> int:
    """Return the LUTs that gather a row and send a plane: a load or a shift by a LUT a bit."""
    source, last, sent = program.maps[0], program.maps[-1], output_format(program)
    plane = last.height * last.width
    rest = (
        0 if plane % sent.word_values == 0 else 2 * sent.word_values * -(-sent.word_values // INPUTS_OF_LUT)
    )
    return source.width * source.type.bits + (plane + rest) * last.type.bits


def _ffs(program: Program) -> int:
    bits, shape = program.value_bits, program.shape
    source, last, sent = program.maps[0], program.maps[-1], output_format(program)
    in_values = input_format(program).word_values
    held = 2 * source.width - gcd(source.width, in_values) + in_values
    plane = last.height * last.width
    kept = plane if shape.streams == 1 else 2 * shape.streams * plane
    drain = kept + -(-plane // sent.word_values) * sent.word_values
    shifter = shape.streams * shape.rows * (program.bank_columns + shape.columns) * bits
    pooled = shape.lanes * _pooled_bits(program)
    return shape.streams * CONTROL_FFS + shifter + pooled + held * source.type.bits + drain * last.type.bits


def _banks(program: Program, bram: BlockRam) -> int:
    """Return the block RAMs of the lanes' memories, as many banks side by side as a word holds."""
    side, bits = BANK_BITS // program.value_bits, program.value_bits
    full, rest = divmod(program.bank_columns, side)
    row = full * bram.needed(side * bits, program.depth, NARROWED)
    if rest:
        row += bram.needed(rest * bits, program.depth, NARROWED)
    return program.bank_rows * row
