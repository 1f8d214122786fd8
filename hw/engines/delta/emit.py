"""Write a delta engine as SystemVerilog: its instance with all parameters, and a tap a hidden layer."""

from ganglion.hw.codegen.instance import concatenation
from ganglion.hw.codegen.node_module import memory_path
from ganglion.hw.engines.delta.memories import COLUMN_PREFIX, MASK_PREFIX, Layout
from ganglion.hw.engines.delta.program import Program
from ganglion.hw.engines.taps import HiddenWires, tapped_engine


def engine_lines(program: Program, layout: Layout, node: str) -> list[str]:
    """Return the lines between the streams x and y; the files of memories begin with the node's name."""
    wires = HiddenWires(
        banks=program.shape.units,
        activation_bits=program.activation_bits,
        results=program.placement.first[-1],
    )
    pins = {"value_we_o": "hidden_we", "value_o": "hidden"}
    parameters = engine_parameters(program, layout, node)
    return tapped_engine("ganglion_delta", parameters, pins, wires, program.network.spec, node)


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
        "InValues": program.in_values,
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
    packed = {name: concatenation(bits, values) for name, (bits, values) in lists.items()}
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
