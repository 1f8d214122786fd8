"""What a delta engine takes of a part: DSPs and memories by their shapes, LUTs and FFs by a fit."""

from ganglion.hw.engines.delta.memories import Layout
from ganglion.hw.engines.delta.program import Program
from ganglion.hw.target.family import RAMB18, BlockRam, Family
from ganglion.hw.target.resources import Resources

# Fitted to yosys, within 6 % over 11 engines, beside memories: control, a unit, a bit of an event in a queue,
# and in each lane and channel 64 ids.
CONTROL_LUTS, UNIT_LUTS, QUEUED_LUTS, IDS_LUTS = 274, 96, 1.8, 20.6
# LUTs of a bit of a memory of 64 words: read at a second place, at one, or in a queue.
DUAL_LUTS, SINGLE_LUTS, QUEUE_LUTS = 2, 1, 4 / 3
LUT_ROWS, LEAST_ROWS = 64, 32
CONTROL_FFS, UNIT_FFS, WALK_FFS = 10, 3, 6
# So many LUTs of fewer inputs for each of six, as yosys makes them for ECP5 and Gowin.
LUT6, SMALL_LUTS = 6, 1.7


def estimate(program: Program, layout: Layout) -> Resources:
    """Return the resources of a program's engine on a Xilinx part."""
    shape = program.shape
    return Resources(
        lut=round(_luts(program)),
        ff=_ffs(program, layout),
        dsp=shape.lanes if shape.packed else shape.units,
        bram=shape.lanes * _columns(layout, RAMB18),
    )


def on_part(program: Program, layout: Layout, estimated: Resources, family: Family) -> Resources:
    """Return the resources on a family's part; `estimated` are those on a Xilinx part."""
    ff = estimated.ff
    if not family.dsp_accumulates:
        ff += program.shape.units * program.product_bits
    if not family.lutram_rows:
        rows, depth = 1 << program.row_bits, program.queue_depth
        ff += program.shape.units * rows * (program.accumulator_bits + program.activation_bits)
        ff += program.shape.lanes * program.shape.channels * depth * _event_bits(program)
    return Resources(
        lut=round(estimated.lut * (SMALL_LUTS if family.lut_inputs < LUT6 else 1)),
        ff=ff,
        dsp=estimated.dsp,
        bram=program.shape.lanes * _columns(layout, family.bram),
    )


def _event_bits(program: Program) -> int:
    return program.id_bits + program.activation_bits + 1


def _luts(program: Program) -> float:
    shape, event = program.shape, _event_bits(program)
    unit = DUAL_LUTS * program.accumulator_bits + SINGLE_LUTS * program.activation_bits
    queues = shape.lanes * shape.channels
    memories = shape.units * unit * _depth(1 << program.row_bits)
    memories += queues * event * QUEUE_LUTS * _depth(program.queue_depth)
    logic = CONTROL_LUTS + shape.units * UNIT_LUTS + queues * event * QUEUED_LUTS
    return logic + queues * program.ids / LUT_ROWS * IDS_LUTS + memories


def _depth(rows: int) -> float:
    """Return how many times a LUT's words these are."""
    return max(rows, LEAST_ROWS) / LUT_ROWS


def _ffs(program: Program, layout: Layout) -> int:
    shape, diff_bits, rows = program.shape, program.activation_bits + 1, program.row_bits
    unit = 2 * rows + diff_bits + UNIT_FFS
    queue = 2 * program.queue_depth.bit_length()
    walker = shape.channels * queue + 2 * diff_bits + layout.address_bits + layout.length_bits + WALK_FFS
    lane = 2 * unit + walker + 3 * rows
    groups = 1 << ((shape.units - 1).bit_length() + 1) // 2
    inputs = program.in_values * (diff_bits + 1)
    return shape.lanes * lane + groups * program.accumulator_bits + inputs + CONTROL_FFS


def _columns(layout: Layout, bram: BlockRam) -> int:
    """Return the block RAMs of a lane's memory, which is read at two places at once."""
    if bram.read_ports == 1:
        return 2 * bram.needed(layout.bits, layout.words)
    # Read by two ports it is half as wide and twice as deep, or once more.
    return bram.needed(layout.bits, layout.words, (2, 4))
