"""Write a folded engine: its instance with all parameters, a tap a hidden layer, and its memory files."""

from pathlib import Path

from ganglion.hw.codegen.instance import concatenation
from ganglion.hw.codegen.node_module import memory_path
from ganglion.hw.engines.folded.lower import LoweredNetwork
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.memory_files import hex_words, tap_order, write_memory_files
from ganglion.hw.engines.taps import HiddenWires, tapped_engine

PROGRAM_FILE, BIAS_PREFIX = "program.dat", "bias"


def engine_lines(program: Program, node: str) -> list[str]:
    """Return the lines between the streams x and y; the files of memories begin with the node's name."""
    wires = HiddenWires(
        banks=program.shape.banks,
        activation_bits=program.lowered.activation_bits,
        results=program.most_results,
    )
    pins = {"result_we_o": "hidden_we", "result_o": "hidden"}
    spec, parameters = program.lowered.source.spec, engine_parameters(program, node)
    return tapped_engine("ganglion_folded", parameters, pins, wires, spec, node)


def engine_parameters(program: Program, node: str) -> dict[str, str]:
    """Return the parameters of ganglion_folded by name, as SystemVerilog expressions."""
    shape, lowered = program.shape, program.lowered
    spec, last = lowered.source.spec, lowered.source.spec.layers[-1]
    numbers = {
        "Lanes": shape.lanes,
        "Banks": shape.banks,
        "Replicas": shape.replicas,
        "AddressBits": program.address_bits,
        "ActBits": lowered.activation_bits,
        "WeightBits": lowered.weight_bits,
        "AccBits": lowered.accumulator_bits,
        "BiasBits": lowered.bias_bits,
        "IndexBits": program.index_bits,
        "Cycles": program.n_cycles,
        "Results": program.most_results,
        "InValues": program.in_values,
        "InWords": program.input_words,
        "InBits": spec.input_type.bits,
        "InSigned": int(spec.input_type.signed),
        "OutValues": shape.out_values,
        "OutWords": last.n_outputs // shape.out_values,
        "OutBits": last.output_type.bits,
        "OutSigned": int(last.output_type.signed),
        "OutShift": last.shift,
        "Stores": int(program.stores),
        "UseDsp": int(shape.multiplier.value == "dsp"),
        "Pipelining": shape.pipelining,
    }
    files = {"ProgramFile": PROGRAM_FILE, "BiasPrefix": BIAS_PREFIX}
    paths = {name: memory_path(node, file) for name, file in files.items()}
    return {name: str(value) for name, value in numbers.items()} | mode_parameters(lowered) | paths


def mode_parameters(lowered: LoweredNetwork) -> dict[str, str]:
    """Return the parameters of the hidden layers' requantizations, Modes of them: a byte each."""
    return {
        "Modes": str(len(lowered.modes)),
        "Shifts": concatenation(8, [mode.shift for mode in lowered.modes]),
        "Widths": concatenation(8, [mode.bits for mode in lowered.modes]),
    }


def write_memories(program: Program, folder: Path, node: str) -> tuple[Path, ...]:
    """Write program, biases by pairs of lanes and the order of results into `folder`; return the files.

    Their names begin with the node's.
    """
    files = {PROGRAM_FILE: hex_words(program.words(), program.word_bits)}
    depth = 1 << program.index_bits
    for pair in range(-(-program.shape.lanes // 2)):
        words = [word for lane in program.biases[2 * pair : 2 * pair + 2] for word in _padded(lane, depth)]
        files[f"{BIAS_PREFIX}{pair:02}.dat"] = hex_words(words, program.lowered.bias_bits)
    files |= tap_order(program.written, program.lowered.inputs)
    return write_memory_files(files, folder, node)


def _padded(values: tuple[int, ...], length: int) -> list[int]:
    return [*values, *[0] * (length - len(values))]
