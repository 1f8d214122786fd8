"""Write a planar engine: its instance with all parameters, its memories, a tap a hidden layer."""

from dataclasses import replace
from math import gcd
from pathlib import Path

from ganglion.hw.codegen.instance import concatenation, instance
from ganglion.hw.codegen.node_module import CLOCK, SIGNALS, memory_path, stream_pins
from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.design.tiling import Tiling
from ganglion.hw.design.top_ports import TAPS_DEFINE
from ganglion.hw.engines.memory_files import hex_words, write_memory_files
from ganglion.hw.engines.planar.cycles import write_order
from ganglion.hw.engines.planar.program import Program
from ganglion.hw.engines.planar.words import Word
from ganglion.models.layers import MaxPool2d

MOST_WORD_VALUES = 8
"""Values in a word of either stream, or the most of their common divisors with what is to be sent."""
LIST_BITS = 16


def input_format(program: Program) -> StreamFormat:
    """Return the input stream: a frame in C order."""
    spec = program.network.spec
    return stream(spec.input_type, spec.step_width, gcd(spec.step_width, MOST_WORD_VALUES))


def output_format(program: Program) -> StreamFormat:
    """Return the output stream: the last map in C order."""
    last = program.layers[-1]
    return stream(last.output_type, last.n_outputs, gcd(last.n_outputs, MOST_WORD_VALUES))


def tap_formats(program: Program) -> dict[int, StreamFormat]:
    """Return the streams of the hidden layers' taps, a value of every lane a word."""
    return {k: _tap_format(program, k) for k in range(len(program.layers) - 1)}


def _tap_format(program: Program, layer: int) -> StreamFormat:
    shape, tapped = program.shape, program.maps[layer + 1]
    tiling = Tiling(
        rows=shape.rows, columns=shape.columns, tile=tapped.tile, height=tapped.height, width=tapped.width,
        order=None if shape.streams == 1 else write_order(program, layer),
    )  # fmt: skip
    values = stream(tapped.type, tapped.channels * tiling.values, shape.rows * shape.columns)
    return replace(values, features=tapped.channels * tapped.height * tapped.width, tiling=tiling)


def write_memories(program: Program, folder: Path, node: str) -> tuple[Path, ...]:
    """Write the memory files into `folder`, their names beginning with the node's, and return them."""
    files: dict[str, str] = {}
    for number in range(program.shape.streams):
        words, biases = list[int](), list[int]()
        for layer, starts, shares in zip(program.words, program.starts, program.shares, strict=True):
            for channel in shares[number]:
                biases.append(int(starts[channel]))
                last = len(layer[channel]) - 1
                words += [_encoded(program, word, n == last - 1) for n, word in enumerate(layer[channel])]
        files[_file("program", program, number)] = hex_words(words, program.word_bits)
        files[_file("bias", program, number)] = hex_words(biases, program.bias_bits)
    return write_memory_files(files, folder, node)


def _file(what: str, program: Program, number: int) -> str:
    """Return a stream's memory file; names of all streams are equally long, as what chooses one wants."""
    return f"{what}.dat" if program.shape.streams == 1 else f"{what}{number + 1}.dat"


def _encoded(program: Program, word: Word, is_next_last: bool) -> int:
    """Return a word's bits, the flag on top; the window's column is the lowest field."""
    value = int(is_next_last)
    for field, bits in (
        (word.weight, program.weight_bits),
        (word.channel, program.channel_bits),
        (word.row, program.kernel_bits),
        (word.column, program.kernel_bits),
    ):
        value = value << bits | (field & ((1 << bits) - 1))
    return value


def engine_lines(program: Program, node: str) -> list[str]:
    """Return the lines between the streams x and y; the files of memories begin with the node's name."""
    shape, value_bits = program.shape, program.value_bits
    layer_bits = max(1, (len(program.layers) - 1).bit_length())
    pins = {f"result_{name}_o": f"result_{name}" for name in ("valid", "layer")}
    return [
        "  logic result_valid;",
        f"  logic [{layer_bits - 1}:0] result_layer;",
        f"  logic [{shape.rows * shape.columns * value_bits - 1}:0] result;",
        *instance(
            "ganglion_planar",
            "u_engine",
            engine_parameters(program, node),
            CLOCK | stream_pins() | pins | {"result_o": "result"},
        ),
        "  logic unused_result;",
        "  assign unused_result = ^{result_valid, result_layer, result};",
        f"`ifdef {TAPS_DEFINE}",
        *(line for k in range(len(program.layers) - 1) for line in _tap(program, k, layer_bits)),
        "`endif",
    ]


def _tap(program: Program, layer: int, layer_bits: int) -> list[str]:
    """Return the lines of a tap: of every lane's result the bits that the layer's values have."""
    form, (data, valid, ready) = tap_formats(program)[layer], (f"tap{layer}_{each}" for each in SIGNALS)
    bits, count = form.type.bits, form.word_values
    return [
        f"  logic [{count - 1}:0][{bits - 1}:0] values{layer};",
        f"  for (genvar i = 0; i < {count}; i++) begin : g_tap{layer}",
        f"    assign values{layer}[i] = result[i*{program.value_bits}+:{bits}];",
        "  end",
        f"  assign {data} = {form.width_bits}'(values{layer});",
        f"  assign {valid} = result_valid && result_layer == {layer_bits}'d{layer};",
        f"  assign {ready} = 1'b1;",
    ]


def engine_parameters(program: Program, node: str) -> dict[str, str]:
    """Return the parameters of ganglion_planar by name, as SystemVerilog expressions."""
    shape, source = program.shape, program.maps[0]
    near, far = program.reach
    modes = tuple(dict.fromkeys(program.requantizations))
    entry, egress = input_format(program), output_format(program)
    numbers = {
        "Rows": shape.rows,
        "Columns": shape.columns,
        "BankRows": program.bank_rows,
        "BankColumns": program.bank_columns,
        "Depth": program.depth,
        "Layers": len(program.layers),
        "ValueBits": program.value_bits,
        "WeightBits": program.weight_bits,
        "LiftedBits": program.lifted_bits,
        "ChannelBits": program.channel_bits,
        "KernelBits": program.kernel_bits,
        "AccBits": program.accumulator_bits,
        "BiasBits": program.bias_bits,
        "AllChannels": max(sum(map(len, shares)) for shares in zip(*program.shares, strict=True)),
        "Reaches": far - near + 1,
        "Before": -near,
        "InValues": entry.word_values,
        "InBits": entry.type.bits,
        "InChannels": source.channels,
        "FrameChannels": program.frame_channels,
        "InHeight": source.height,
        "InWidth": source.width,
        "InSigned": int(entry.type.signed),
        "OutValues": egress.word_values,
        "OutBits": egress.type.bits,
        "Modes": len(modes),
    }
    if shape.packing > 1:
        numbers["Packing"] = shape.packing
    lists = {name: concatenation(LIST_BITS, values) for name, values in _lists(program).items()}
    lists |= {
        "Shifts": concatenation(8, [mode.shift for mode in modes]),
        "Widths": concatenation(8, [mode.bits for mode in modes]),
        "Words": concatenation(32, program.stream_words),
    }
    return {name: str(value) for name, value in numbers.items()} | lists | _of_streams(program, node)


def _of_streams(program: Program, node: str) -> dict[str, str]:
    """Return the parameters that streams add, and the files of each."""
    files = {
        f"{prefix}{what}File": memory_path(node, _file(what.lower(), program, number))
        for number, prefix in zip(range(program.shape.streams), ("", "Second"), strict=False)
        for what in ("Program", "Bias")
    }
    if program.shape.streams == 1:
        return files
    channels, second = range(program.maps[-1].channels), program.shares[-1][1]
    return files | {
        "Streams": str(program.shape.streams),
        "OutChannels": str(len(channels)),
        "Seconds": concatenation(1, [int(channel in second) for channel in channels]),
    }


def _lists(program: Program) -> dict[str, list[int]]:
    """Return the parameters of which each layer has its own, some for each stream, too."""
    near, _ = program.reach
    modes = list(dict.fromkeys(program.requantizations))
    layers, sources, targets = program.layers, program.maps[:-1], program.maps[1:]
    residuals = [program.residual(index) for index in range(len(layers))]
    numbers = range(program.shape.streams)
    return {
        "Channels": [len(shares[number]) for number in numbers for shares in program.shares],
        "Tiles": [each.tile for each in targets],
        "Strides": [layer.stride for layer in layers],
        "SourceTiles": [each.tile for each in sources],
        "Sources": [each.first for each in sources],
        "Targets": [
            target.address(sum(map(len, shares[:number])), 0, 0)
            for number in numbers
            for target, shares in zip(targets, program.shares, strict=True)
        ],
        "Residuals": [0 if each is None else each.first for each in residuals],
        "Offsets": [
            -near * source.tile - layer.padding for layer, source in zip(layers, sources, strict=True)
        ],
        "Lifts": list(program.lifts),
        "ModeOf": [modes.index(each) for each in program.requantizations],
        "Lows": [-each.type.low for each in targets],
        "Edges": [each.edge % (1 << program.value_bits) for each in targets],
        "Signed": [int(each.type.signed) for each in sources],
        "Relus": [int(layer.pre_relu) for layer in layers],
        "Pools": [int(isinstance(layer, MaxPool2d)) for layer in layers],
        "Adds": [int(each is not None) for each in residuals],
        "AddsSigned": [int(each is not None and each.type.signed) for each in residuals],
        "MapHeights": [each.height for each in targets],
        "MapWidths": [each.width for each in targets],
    }
