"""What a folded engine takes of a part that is no Xilinx one: its own memories, and more of smaller LUTs."""

from ganglion.hw.engines.folded.columns.program import SHARES, ColumnProgram
from ganglion.hw.engines.folded.cost import bias_memories, memory_luts
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.target.family import Family
from ganglion.hw.target.resources import Resources

LUTRAM_LUTS, SELECT_LUTS = 1.5, 1.0
"""A bit of a memory of LUTs takes: its words and write port, as synthesis counts; and to select another."""


def on_part(program: Program, estimated: Resources, family: Family) -> Resources:
    """Return the resources of a program's engine on a family's part.

    estimated: those on a Xilinx part, whose LUTs have six inputs and whose activations lie in LUTs.
    """
    words = family.bram.needed(program.word_bits, program.n_cycles)
    lut, ff = _luts(program, estimated.lut, family), estimated.ff
    if not family.lutram_rows:
        banks, bits = program.used_banks * program.shape.replicas, program.lowered.activation_bits
        if program.shape.pipelining:
            words += banks * family.bram.needed(bits, 1 << program.address_bits)
        else:
            ff += banks * bits << program.address_bits
    return Resources(lut=lut, ff=ff, dsp=estimated.dsp, bram=words + bias_memories(program, family.bram))


def columns_on_part(program: ColumnProgram, estimated: Resources, family: Family) -> Resources:
    """Return the same of a program over columns."""
    shape, activation_bits, bram = program.shape, program.lowered.activation_bits, family.bram
    tables = bram.needed(program.entry_bits, len(program.sums))
    tables += bram.needed(program.place_bits, program.input_words)
    words, ff = bram.needed(program.word_bits, program.n_cycles), estimated.ff
    if not family.lutram_rows:
        ff += shape.lanes * SHARES * (program.end_bits + program.lowered.accumulator_bits)
        if shape.pipelining:
            words += shape.lanes * bram.needed(activation_bits, 1 << program.address_bits)
        else:
            ff += shape.lanes * activation_bits << program.address_bits
    lut = round(estimated.lut * family.luts_per_lut6)
    return Resources(lut=lut, ff=ff, dsp=estimated.dsp, bram=words + tables)


def _luts(program: Program, lut6s: int, family: Family) -> int:
    """Return the LUTs: of so many of six inputs, those of the banks apart where registers bound the logic."""
    factor = family.pipelined_luts_per_lut6
    if not program.shape.pipelining or factor is None:
        return round(lut6s * family.luts_per_lut6)
    luts = (lut6s - memory_luts(program)) * factor
    if family.lutram_rows:
        bits = program.used_banks * program.shape.replicas * program.lowered.activation_bits
        luts += lutram_luts(bits, 1 << program.address_bits, family)
    return round(luts)


def lutram_luts(bits: int, rows: int, family: Family) -> float:
    """Return the LUTs of a memory of LUTs with so many words of so many bits."""
    blocks = -(-rows // family.lutram_rows)
    return bits * (blocks * LUTRAM_LUTS + (blocks - 1) * SELECT_LUTS)
