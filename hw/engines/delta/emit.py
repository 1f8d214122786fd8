"""Write a delta engine as SystemVerilog: its instance with all parameters, and a tap a hidden layer."""

from collections.abc import Sequence

from ganglion.hw.codegen.instance import instance
from ganglion.hw.codegen.node_module import CLOCK, memory_path, stream, stream_pins
from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.top_ports import TAPS_DEFINE
from ganglion.hw.engines.delta.memories import COLUMN_PREFIX, MASK_PREFIX, ORDER_FILE, Layout
from ganglion.hw.engines.delta.program import Program


def input_format(program: Program) -> StreamFormat:
    """Return the input stream: a value for each channel in a word."""
    spec = program.network.spec
    return stream(spec.input_type, spec.widths[0], program.input_lanes)


def output_format(program: Program) -> StreamFormat:
    """Return the output stream: a value a word."""
    last = program.network.spec.layers[-1]
    return stream(last.output_type, last.n_outputs, 1)


def tap_formats(program: Program) -> dict[int, StreamFormat]:
    """Return the streams of the hidden layers' taps, each in one word."""
    hidden = program.network.spec.layers[:-1]
    return {k: stream(layer.output_type, layer.n_outputs, layer.n_outputs) for k, layer in enumerate(hidden)}


def engine_lines(program: Program, layout: Layout, node: str) -> list[str]:
    """Return the lines between the streams x and y; the files of memories begin with the node's name."""
    pins = CLOCK | stream_pins() | {"value_we_o": "hidden_we", "value_o": "hidden"}
    units = program.shape.units
    return [
        f"  logic [{units - 1}:0] hidden_we;",
        f"  logic [{units * program.activation_bits - 1}:0] hidden;",
        *instance("ganglion_delta", "u_engine", engine_parameters(program, layout, node), pins),
        "  logic unused_hidden;",
        "  assign unused_hidden = ^{hidden_we, hidden};",
        f"`ifdef {TAPS_DEFINE}",
        *(line for layer in tap_formats(program) for line in _tap(program, layer, node)),
        "`endif",
    ]


def engine_parameters(program: Program, layout: Layout, node: str) -> dict[str, str]:
    """Return the parameters of ganglion_delta by name, as SystemVerilog expressions."""
    spec, last, shape = program.network.spec, program.network.spec.layers[-1], program.shape
    numbers = {
        "Lanes": shape.lanes,
        "Channels": shape.channels,
        "Layers": program.n_layers,
        "Rows": program.placement.rows,
        "ActBits": program.activation_bits,
        "WeightBits": program.weight_bits,
        "AccBits": program.accumulator_bits,
        "Ids": program.ids,
        "IdBits": program.id_bits,
        "QueueDepth": program.queue_depth,
        "LengthBits": layout.length_bits,
        "Bits": layout.bits,
        "Words": layout.words,
        "StartWord": layout.start_word,
        "InLanes": program.input_lanes,
        "InWords": program.input_words,
        "InBits": spec.input_type.bits,
        "InSigned": int(spec.input_type.signed),
        "InThreshold": spec.threshold(0),
        "OutWords": last.n_outputs,
        "OutBits": last.output_type.bits,
        "OutSigned": int(last.output_type.signed),
        "OutShift": last.shift,
        "Modes": len(program.modes),
        "Packed": int(shape.packed),
    }
    hidden = range(program.n_layers - 1)
    lists = {
        "Shifts": (8, [mode.shift for mode in program.modes]),
        "Widths": (8, [mode.bits for mode in program.modes]),
        "Firsts": (16, program.placement.first),
        "Lasts": (16, program.placement.last),
        "ModeOf": (8, [*(program.modes.index(program.requantizations[k]) for k in hidden), 0]),
        "Thresholds": (16, [*(spec.threshold(k + 1) for k in hidden), 0]),
        "Bases": (program.id_bits, _bases(program)),
    }
    packed = {name: _packed(bits, values) for name, (bits, values) in lists.items()}
    paths = {f"{name}Prefix": memory_path(node, file) for name, file in _PREFIXES.items()}
    return {name: str(value) for name, value in numbers.items()} | packed | paths


_PREFIXES = {"Column": COLUMN_PREFIX, "Mask": MASK_PREFIX}


def _bases(program: Program) -> list[int]:
    """Return the bases by channel, hidden layer and slot; zeros where there are none."""
    shape, layers = program.shape, range(max(1, program.n_layers - 1))
    bases = []
    for channel in range(shape.channels):
        units = [*shape.units_of(channel), *[None] * shape.slots][: shape.slots]
        for layer in layers:
            exists = program.n_layers > 1
            bases += [program.base(layer, u) if u is not None and exists else 0 for u in units]
    return bases


def _packed(bits: int, values: Sequence[int]) -> str:
    """Return a concatenation, the first value in the low bits."""
    return "{" + ", ".join(f"{bits}'d{value}" for value in reversed(values)) + "}"


def _tap(program: Program, layer: int, node: str) -> list[str]:
    spec = program.network.spec.layers[layer]
    parameters = {
        "Banks": str(program.shape.units),
        "ActBits": str(program.activation_bits),
        "First": str(sum(program.network.spec.widths[1 : layer + 1])),
        "Features": str(spec.n_outputs),
        "Bits": str(spec.output_type.bits),
        "IsSigned": str(int(spec.output_type.signed)),
        "Results": str(program.placement.first[-1]),
        "OrderFile": memory_path(node, ORDER_FILE),
    }
    pins = CLOCK | {"we_i": "hidden_we", "data_i": "hidden"}
    pins |= {f"{signal}_o": f"tap{layer}_{signal}" for signal in ("tdata", "tvalid", "tready")}
    return instance("ganglion_tap", f"u_tap{layer}", parameters, pins)
