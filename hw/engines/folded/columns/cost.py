"""What an engine over columns takes of a Xilinx part: DSPs and memories by shape, LUTs and FFs by a fit."""

from ganglion.hw.engines.folded.columns.program import ColumnProgram
from ganglion.hw.engines.folded.cost import outside_dsp, ram_luts
from ganglion.hw.engines.folded.shape import Multiplier
from ganglion.hw.target.family import RAMB18
from ganglion.hw.target.resources import Resources

# Four LUTs are the memory of six bits of a queue of shares.
QUEUE_BITS, QUEUE_LUTS = 6, 4
# Fitted to yosys: control, a lane, a bit of an input word.
CONTROL_LUTS, LANE_LUTS, INPUT_LUTS = 100, 16, 2
CONTROL_FFS, LANE_FFS = 75, 22

# To select among the block memories of a program of more words, a bit of a word.
WORDS_OF_MEMORY, DEEP_LUTS = 1024, 1.8


def estimate_columns(program: ColumnProgram, dsp_accumulates: bool = True) -> Resources:
    """Return the resources of a program's engine on a Xilinx part; see `folded.cost.estimate`."""
    shape, lowered = program.shape, program.lowered
    in_dsp, accumulator = shape.multiplier is Multiplier.DSP, lowered.accumulator_bits
    luts, ffs = outside_dsp(lowered, in_dsp, dsp_accumulates)
    queue = QUEUE_LUTS * -(-(accumulator + program.end_bits) // QUEUE_BITS)
    luts += LANE_LUTS + ram_luts(program.address_bits) + queue + accumulator
    ffs += LANE_FFS + accumulator + 4 * program.end_bits
    groups = -(-shape.lanes // (1 << ((shape.lanes - 1).bit_length() + 1) // 2))
    input_bits = program.in_values * lowered.source.spec.input_type.bits
    deep = round(DEEP_LUTS * program.word_bits) if program.n_cycles > WORDS_OF_MEMORY else 0
    tables = RAMB18.needed(program.entry_bits, len(program.sums))
    tables += RAMB18.needed(program.place_bits, program.input_words)
    return Resources(
        lut=CONTROL_LUTS + INPUT_LUTS * input_bits + shape.lanes * luts + deep,
        ff=CONTROL_FFS
        + groups * accumulator
        + shape.lanes * ffs
        + shape.pipelining * _pipelining_ffs(program),
        dsp=shape.lanes if in_dsp else 0,
        bram=RAMB18.needed(program.word_bits, program.n_cycles) + tables,
    )


def _pipelining_ffs(program: ColumnProgram) -> int:
    """Return the registers of words, of the lanes' fields once more, of banks' ports and of results."""
    lowered = program.lowered
    fields = program.end_bits + lowered.weight_bits
    # What is written has a register once for the lanes of a place in the input's words.
    ports = lowered.activation_bits + 1
    written = program.address_bits + program.in_values * lowered.activation_bits
    results = program.entry_bits - lowered.bias_bits + lowered.activation_bits
    results += lowered.source.spec.layers[-1].output_type.bits
    return program.word_bits + program.shape.lanes * (fields + ports) + written + results
