"""Write a folded engine as SystemVerilog: its instance with all parameters, and a tap a hidden layer."""

from ganglion.hw.codegen.instance import instance
from ganglion.hw.codegen.node_module import CLOCK, memory_path, stream, stream_pins
from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.top_ports import TAPS_DEFINE
from ganglion.hw.engines.folded.program import Program

PROGRAM_FILE, ORDER_FILE, BIAS_PREFIX = "program.dat", "order.dat", "bias"


def input_format(program: Program) -> StreamFormat:
    """Return the input stream: `input_lanes` activations a word, each for its own bank."""
    return stream(program.lowered.source.spec.input_type, program.lowered.inputs, program.input_lanes)


def output_format(program: Program) -> StreamFormat:
    """Return the output stream: `output_lanes` actions a word."""
    last = program.lowered.source.spec.layers[-1]
    return stream(last.output_type, last.n_outputs, program.shape.output_lanes)


def tap_formats(program: Program) -> dict[int, StreamFormat]:
    """Return the streams of the hidden layers' taps, each in one word."""
    hidden = program.lowered.source.spec.layers[:-1]
    return {k: stream(spec.output_type, spec.n_outputs, spec.n_outputs) for k, spec in enumerate(hidden)}


def engine_lines(program: Program, node: str) -> list[str]:
    """Return the lines between the streams x and y; the files of memories begin with the node's name."""
    pins = CLOCK | stream_pins() | {"result_we_o": "hidden_we", "result_o": "hidden"}
    return [
        f"  logic [{program.shape.banks - 1}:0] hidden_we;",
        f"  logic [{program.shape.banks * program.lowered.activation_bits - 1}:0] hidden;",
        *instance("ganglion_folded", "u_engine", engine_parameters(program, node), pins),
        "  logic unused_hidden;",
        "  assign unused_hidden = ^{hidden_we, hidden};",
        f"`ifdef {TAPS_DEFINE}",
        *(line for layer in tap_formats(program) for line in _tap(program, layer, node)),
        "`endif",
    ]


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
        "InLanes": program.input_lanes,
        "InWords": program.input_words,
        "InBits": spec.input_type.bits,
        "InSigned": int(spec.input_type.signed),
        "OutLanes": shape.output_lanes,
        "OutWords": last.n_outputs // shape.output_lanes,
        "OutBits": last.output_type.bits,
        "OutSigned": int(last.output_type.signed),
        "OutShift": last.shift,
        "Modes": len(lowered.modes),
        "Stores": int(program.stores),
        "UseDsp": int(shape.multiplier.value == "dsp"),
        "Pipelining": shape.pipelining,
    }
    bytes_of = {
        "Shifts": [mode.shift for mode in lowered.modes],
        "Widths": [mode.bits for mode in lowered.modes],
    }
    packed = {
        name: "{" + ", ".join(f"8'd{value}" for value in reversed(values)) + "}"
        for name, values in bytes_of.items()
    }
    files = {"ProgramFile": PROGRAM_FILE, "BiasPrefix": BIAS_PREFIX}
    paths = {name: memory_path(node, file) for name, file in files.items()}
    return {name: str(value) for name, value in numbers.items()} | packed | paths


def _tap(program: Program, layer: int, node: str) -> list[str]:
    spec = program.lowered.source.spec.layers[layer]
    parameters = {
        "Banks": str(program.shape.banks),
        "ActBits": str(program.lowered.activation_bits),
        "First": str(program.lowered.first_id(layer + 1) - program.lowered.inputs),
        "Features": str(spec.n_outputs),
        "Bits": str(spec.output_type.bits),
        "IsSigned": str(int(spec.output_type.signed)),
        "Results": str(program.most_results),
        "OrderFile": memory_path(node, ORDER_FILE),
    }
    pins = CLOCK | {"we_i": "hidden_we", "data_i": "hidden"}
    pins |= {f"{signal}_o": f"tap{layer}_{signal}" for signal in ("tdata", "tvalid", "tready")}
    return instance("ganglion_tap", f"u_tap{layer}", parameters, pins)
