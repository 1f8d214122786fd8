"""Write a folded engine over columns: its instance with all parameters, its taps and its memory files."""

from pathlib import Path

from ganglion.hw.codegen.node_module import memory_path
from ganglion.hw.engines.folded.columns.program import SHARES, ColumnProgram
from ganglion.hw.engines.folded.emit import mode_parameters
from ganglion.hw.engines.memory_files import hex_words, tap_order, write_memory_files
from ganglion.hw.engines.taps import HiddenWires, tapped_engine

PROGRAM_FILE, SUMS_FILE, INPUTS_FILE = "program.dat", "sums.dat", "inputs.dat"


def column_lines(program: ColumnProgram, node: str) -> list[str]:
    """Return the lines between the streams x and y; the files of memories begin with the node's name."""
    wires = HiddenWires(
        banks=program.shape.lanes,
        activation_bits=program.lowered.activation_bits,
        results=program.most_results,
    )
    pins = {"result_we_o": "hidden_we", "result_o": "hidden"}
    spec = program.lowered.source.spec
    return tapped_engine("ganglion_columns", column_parameters(program, node), pins, wires, spec, node)


def column_parameters(program: ColumnProgram, node: str) -> dict[str, str]:
    """Return the parameters of ganglion_columns by name, as SystemVerilog expressions."""
    shape, lowered = program.shape, program.lowered
    spec, last = lowered.source.spec, lowered.source.spec.layers[-1]
    numbers = {
        "Lanes": shape.lanes,
        "AddressBits": program.address_bits,
        "ActBits": lowered.activation_bits,
        "WeightBits": lowered.weight_bits,
        "AccBits": lowered.accumulator_bits,
        "BiasBits": lowered.bias_bits,
        "EndBits": program.end_bits,
        "Shares": SHARES,
        "Cycles": program.n_cycles,
        "Sums": len(program.sums),
        "InValues": program.in_values,
        "InWords": program.input_words,
        "InBits": spec.input_type.bits,
        "InSigned": int(spec.input_type.signed),
        "OutWords": last.n_outputs,
        "OutBits": last.output_type.bits,
        "OutSigned": int(last.output_type.signed),
        "OutShift": last.shift,
        "UseDsp": int(shape.multiplier.value == "dsp"),
        "Pipelining": shape.pipelining,
    }
    files = {"ProgramFile": PROGRAM_FILE, "SumsFile": SUMS_FILE, "InputsFile": INPUTS_FILE}
    paths = {name: memory_path(node, file) for name, file in files.items()}
    return {name: str(value) for name, value in numbers.items()} | mode_parameters(lowered) | paths


def write_column_memories(program: ColumnProgram, folder: Path, node: str) -> tuple[Path, ...]:
    """Write the memory files into `folder`, their names beginning with the node's, and return them."""
    files = {
        PROGRAM_FILE: hex_words(program.words(), program.word_bits),
        SUMS_FILE: hex_words(program.entries(), program.entry_bits),
        INPUTS_FILE: hex_words(program.places(), program.place_bits),
    }
    files |= tap_order(program.written, program.lowered.inputs)
    return write_memory_files(files, folder, node)
