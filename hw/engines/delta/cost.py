"""What a delta engine takes of a part: DSPs and memories by their shapes, LUTs and FFs by a fit."""

from ganglion.hw.engines.delta.memories import Layout
from ganglion.hw.engines.delta.program import Program
from ganglion.hw.engines.folded.part import memories
from ganglion.hw.target.family import BlockRam, Family
from ganglion.hw.target.resources import Resources

# Fitted to yosys: control, and what a unit, an event's queue, a lane's choice of one and a channel take, of
# themselves and for each bit of accumulator, activation and event.
CONTROL_LUTS, UNIT_LUTS, QUEUE_LUTS, CHANNEL_LUTS = 60, 12, 7, 10
ACC_LUTS, ACT_LUTS, QUEUED_LUTS, CHOSEN_LUTS, SLOT_LUTS = 3.2, 5, 1.4, 5, 10
CONTROL_FFS, UNIT_FFS, WALK_FFS = 10, 3, 6
# So many LUTs of fewer inputs for each of six, as yosys makes them for ECP5 and Gowin.
LUT6, SMALL_LUTS = 6, 1.7
# Words of a mask memory of which a LUT holds a bit.
MASK_ROWS = 64
XILINX_BRAM = BlockRam(rows=512, bits=36, read_ports=2)


def estimate(program: Program, layout: Layout) -> Resources:
    """Return the resources of a program's engine on a Xilinx part."""
    shape = program.shape
    return Resources(
        lut=round(_luts(program)),
        ff=_ffs(program, layout),
        dsp=shape.lanes if shape.packed else shape.units,
        bram=shape.lanes * _columns(layout, XILINX_BRAM),
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
    shape, event, acc = program.shape, _event_bits(program), program.accumulator_bits
    unit = UNIT_LUTS + ACC_LUTS * acc + ACT_LUTS * program.activation_bits
    walker = shape.channels * (QUEUE_LUTS + QUEUED_LUTS * event) + CHOSEN_LUTS * event
    masks = shape.lanes * -(-program.ids // MASK_ROWS)
    channel = CHANNEL_LUTS + masks + SLOT_LUTS * shape.slots
    outputs = (shape.units - 1) * acc + CONTROL_LUTS
    return shape.units * unit + shape.lanes * walker + shape.channels * channel + outputs + CONTROL_LUTS


def _ffs(program: Program, layout: Layout) -> int:
    shape, diff_bits, rows = program.shape, program.activation_bits + 1, program.row_bits
    unit = 2 * rows + diff_bits + UNIT_FFS
    queue = 2 * program.queue_depth.bit_length()
    walker = shape.channels * queue + 2 * diff_bits + layout.address_bits + layout.length_bits + WALK_FFS
    lane = 2 * unit + walker + 3 * rows
    groups = 1 << ((shape.units - 1).bit_length() + 1) // 2
    inputs = program.input_lanes * (diff_bits + 1)
    return shape.lanes * lane + groups * program.accumulator_bits + inputs + CONTROL_FFS


def _columns(layout: Layout, bram: BlockRam) -> int:
    """Return the block RAMs of a lane's memory, which is read at two places at once."""
    if bram.read_ports == 1:
        return 2 * memories(layout.bits, layout.words, bram)
    # Read by two ports it is half as wide and twice as deep.
    narrow = BlockRam(rows=2 * bram.rows, bits=bram.bits // 2, read_ports=2)
    return memories(layout.bits, layout.words, narrow)
