"""What a folded engine takes of a Xilinx part: DSPs and memories by their shapes, LUTs and FFs by a fit."""

from ganglion.hw.engines.folded.lower import LoweredNetwork
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.folded.shape import Multiplier
from ganglion.hw.target.family import RAMB18, BlockRam
from ganglion.hw.target.resources import Resources

# LUTs to select one of so many banks, a bit (as yosys does it), and of a bank with so many address bits.
SELECT_LUTS = ((1, 0), (2, 1), (4, 2), (8, 3), (16, 5), (32, 11), (64, 22))
RAM_LUTS = ((5, 8), (6, 12), (7, 32), (8, 60), (9, 128), (10, 250), (11, 504), (12, 1000), (13, 2000))
# Fitted to yosys: control, a lane, a bank's write port, and each further lane that writes it.
CONTROL_LUTS, LANE_LUTS, PORT_LUTS, WRITER_LUTS = 60, 12, 20, 10
CONTROL_FFS, LANE_FFS = 60, 6
# For each output of a word, where that is more than one: its requantization and its share of the queue.
OUTPUT_LUTS = 14
# For each hidden requantization beyond the first, a lane.
MODE_LUTS = 5
# What the accumulator of a lane takes beside its bits, where the DSP does not hold it.
ACCUMULATOR_LUTS, ACCUMULATOR_FFS = 10, 1


def estimate(program: Program, dsp_accumulates: bool = True) -> Resources:
    """Return the resources of a program's engine on a Xilinx part.

    dsp_accumulates: whether synthesis puts registers and accumulator into the DSP that multiplies.
    """
    shape, lowered = program.shape, program.lowered
    in_dsp = shape.multiplier is Multiplier.DSP
    groups = -(-shape.lanes // (1 << ((shape.lanes - 1).bit_length() + 1) // 2))
    if shape.out_values > 1:
        groups = shape.out_values
    lane_ffs = lowered.accumulator_bits + 3 * program.action_bits + program.index_bits + LANE_FFS
    lane_ffs += outside_dsp(lowered, in_dsp, dsp_accumulates)[1]
    if in_dsp and not dsp_accumulates:
        lane_ffs += lowered.bias_bits
    loader_ffs = program.in_values * (lowered.source.spec.input_type.bits + 1)
    return Resources(
        lut=_luts(program, in_dsp, dsp_accumulates),
        ff=shape.lanes * lane_ffs
        + groups * lowered.accumulator_bits
        + loader_ffs
        + shape.pipelining * _pipelining_ffs(program)
        + CONTROL_FFS,
        dsp=shape.lanes if in_dsp else 0,
        bram=_bram(program),
    )


def _luts(program: Program, in_dsp: bool, dsp_accumulates: bool) -> int:
    shape, lowered = program.shape, program.lowered
    further = len(lowered.modes) - 1
    lane = (
        LANE_LUTS + MODE_LUTS * further + lowered.activation_bits * _at_least(SELECT_LUTS, program.used_banks)
    )
    lane += outside_dsp(lowered, in_dsp, dsp_accumulates)[0]
    banks = sum(map(bool, program.written)) * PORT_LUTS
    writers = WRITER_LUTS * max(0, shape.lanes - shape.banks)
    return CONTROL_LUTS + shape.lanes * lane + banks + memory_luts(program) + _output_luts(program) + writers


def outside_dsp(lowered: LoweredNetwork, in_dsp: bool, dsp_accumulates: bool) -> tuple[int, int]:
    """Return the LUTs and flip-flops of a lane's multiplier and accumulator, without those of the bias."""
    activation, weight, accumulator = lowered.activation_bits, lowered.weight_bits, lowered.accumulator_bits
    if not in_dsp:
        luts = _multiplier_luts(weight, activation) + accumulator
        return luts, 2 * activation + 3 * weight + accumulator
    if not dsp_accumulates:
        return accumulator + ACCUMULATOR_LUTS, 2 * (activation + weight) + accumulator + ACCUMULATOR_FFS
    return 0, 0


def memory_luts(program: Program) -> int:
    """Return the LUTs that are the banks' memories."""
    return program.used_banks * program.shape.replicas * ram_luts(program.address_bits)


def _multiplier_luts(weight_bits: int, activation_bits: int) -> int:
    """Return the LUTs of ganglion_mac's multiplier: rows that add two shifted copies, then rows of those.

    A row of copies has a second LUT a bit, which gates the operand that goes into the carry chain.
    """
    pairs = -(-weight_bits // 2)
    return pairs * (2 * activation_bits + 3) + (pairs - 1) * (activation_bits + weight_bits - 1)


def _output_luts(program: Program) -> int:
    """Return the LUTs of the adders over lanes and, with several outputs a word, of their requantizers."""
    lanes, outputs = program.shape.lanes, program.shape.out_values
    if outputs == 1:
        return (lanes - 1) * program.lowered.accumulator_bits
    adders = lanes - (1 if program.stores else outputs)
    return adders * program.lowered.accumulator_bits + outputs * OUTPUT_LUTS


def _pipelining_ffs(program: Program) -> int:
    """Return the registers of words, of the lanes' fields once more, of banks' ports and of results."""
    shape, lowered = program.shape, program.lowered
    field_bits = program.action_bits + lowered.weight_bits + program.select_bits
    ports = (1 + shape.replicas) * lowered.activation_bits + 1 + program.address_bits
    result_bits = shape.out_values * lowered.source.spec.layers[-1].output_type.bits
    if program.stores:
        result_bits += lowered.activation_bits
    words = program.word_bits - _unused_bits(program)
    return words + shape.lanes * field_bits + program.used_banks * ports + result_bits


def _unused_bits(program: Program) -> int:
    """Return the bits of a word that address banks which hold nothing."""
    return program.shape.replicas * (program.shape.banks - program.used_banks) * program.address_bits


def _bram(program: Program) -> int:
    """Return the 18 Kbit memories of the program and of the biases."""
    words = RAMB18.needed(program.word_bits - _unused_bits(program), program.n_cycles)
    return words + bias_memories(program, RAMB18)


def bias_memories(program: Program, bram: BlockRam) -> int:
    """Return the block RAMs of the biases: a pair of lanes shares one where that has two ports to read."""
    lanes, depth, bits = program.shape.lanes, 1 << program.index_bits, program.lowered.bias_bits
    if bram.read_ports == 1:
        return lanes * bram.needed(bits, depth)
    # Read by two ports it is half as wide and twice as deep.
    return -(-lanes // 2) * bram.needed(bits, 2 * depth, (2,))


def ram_luts(address_bits: int) -> int:
    """Return the LUTs of the distributed memory of a bank."""
    return _at_least(RAM_LUTS, address_bits)


def _at_least(table: tuple[tuple[int, int], ...], size: int) -> int:
    return next(luts for limit, luts in table if limit >= size)
