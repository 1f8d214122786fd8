"""What a planar engine takes of a part: DSPs and memories by their shapes, LUTs and FFs by a fit."""

from ganglion.hw.engines.folded.part import memories
from ganglion.hw.engines.planar.emit import input_format, output_format
from ganglion.hw.engines.planar.program import Program
from ganglion.hw.target.family import BlockRam
from ganglion.hw.target.resources import Resources

XILINX_BRAM = BlockRam(rows=512, bits=36, read_ports=2)
CONTROL_LUTS, CONTROL_FFS = 400, 300


def estimate(program: Program, bram: BlockRam = XILINX_BRAM) -> Resources:
    """Return the resources of a program's engine."""
    bits, lanes = program.value_bits, program.shape.lanes
    return Resources(
        lut=CONTROL_LUTS + lanes * 50,
        ff=CONTROL_FFS + bits * (lanes + program.shape.rows * program.bank_columns),
        dsp=lanes,
        bram=memories(program.word_bits, program.n_words, bram),
    )
