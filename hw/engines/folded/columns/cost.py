"""What a folded engine over columns takes of a Xilinx part: DSPs and memories by shape, LUTs and FFs by a fit."""

from ganglion.hw.engines.folded.columns.program import ColumnProgram
from ganglion.hw.engines.folded.shape import Multiplier
from ganglion.hw.target.resources import Resources


def estimate_columns(program: ColumnProgram, dsp_accumulates: bool = True) -> Resources:
    """Return the resources of a program's engine on a Xilinx part."""
    return Resources(lut=0, ff=0, dsp=program.shape.lanes, bram=0)
