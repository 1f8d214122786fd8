"""What a planar engine takes of a part: DSPs and memories by their shapes, LUTs and FFs by a fit."""

from ganglion.hw.engines.folded.part import memories
from ganglion.hw.engines.planar.program import Program
from ganglion.hw.target.family import BlockRam, Family
from ganglion.hw.target.resources import Resources

XILINX_BRAM = BlockRam(rows=512, bits=36, read_ports=2)
XILINX_DSP_BITS = 25
BANK_BITS = 36
"""Bits of the banks that share a memory; ganglion_planar_banks.sv knows it."""
CONTROL_LUTS, CONTROL_FFS = 400, 300


def estimate(program: Program) -> Resources:
    """Return the resources of a program's engine on a Xilinx part."""
    return _resources(program, XILINX_BRAM, XILINX_DSP_BITS)


def on_part(program: Program, family: Family) -> Resources:
    """Return the resources of a program's engine on a family's part."""
    return _resources(program, family.bram, family.dsp_bits)


def _resources(program: Program, bram: BlockRam, dsp_bits: int) -> Resources:
    bits, lanes = program.value_bits, program.shape.lanes
    return Resources(
        lut=CONTROL_LUTS + lanes * 50,
        ff=CONTROL_FFS + bits * (lanes + program.shape.rows * program.bank_columns),
        dsp=lanes * (1 if program.lifted_bits <= dsp_bits else 2),
        bram=memories(program.word_bits, program.n_words, bram) + _banks(program, bram),
    )


def _banks(program: Program, bram: BlockRam) -> int:
    """Return the block RAMs of the lanes' memories, as many banks side by side as a word holds."""
    side, bits = BANK_BITS // program.value_bits, program.value_bits
    full, rest = divmod(program.bank_columns, side)
    row = full * memories(side * bits, program.depth, bram)
    if rest:
        row += memories(rest * bits, program.depth, bram)
    return program.bank_rows * row
