"""What a delta engine takes of a part."""

from ganglion.hw.engines.delta.memories import Layout
from ganglion.hw.engines.delta.program import Program
from ganglion.hw.target.resources import Resources


def estimate(program: Program, layout: Layout) -> Resources:
    """Return the resources of a program's engine."""
    shape = program.shape
    return Resources(lut=400 * shape.lanes, ff=200 * shape.lanes, dsp=shape.lanes, bram=2 * shape.lanes)
