"""Drive one module's ports and read its answers, a row a cycle, by way of tests/hw/rtl/modules_top.sv.

A row is a value for each port, unsigned; the order of ports is that of the structs in modules_top.sv. A
packed array is one value, element 0 in its low bits, see `packed`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.design import Design, Port
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.target.board import find_board
from ganglion.models.spec.types import IntType
from tests.hw.bare import bench_of

RTL = Path(__file__).parents[3] / "hw" / "rtl"
TOP = Path(__file__).parents[1] / "rtl" / "modules_top.sv"
MODULES = (
    "delay", "adder_tree", "bank", "write_port", "banks", "bias_rom", "sequencer", "loader", "reduction",
    "requantize", "collector", "mac", "lane", "lanes", "result_queue", "output_fifo",
    "pipeline_stream", "tap", "widen", "narrow",
)  # fmt: skip
WORD = StreamFormat(type=IntType.parse("UINT8"), features=32, word_values=32, words=1, width_bits=256)

Row = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A module by its number in modules_top.sv, the bits of its ports, and what it does.

    `run` yields a row of inputs and the outputs expected in that cycle, those named that are defined.
    """

    number: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    run: Callable[[np.random.Generator], list[tuple[Row, Row]]]


def packed(values: Sequence[int], bits: int) -> int:
    """Return integers as one, element 0 in the low bits."""
    return sum((int(value) & ((1 << bits) - 1)) << (k * bits) for k, value in enumerate(values))


def answers(model: Model, stimuli: Sequence[Row], memories: Mapping[str, str], root: Path) -> list[Row]:
    """Return the module's outputs in each cycle after a reset; memory files are written to root/mem."""
    (root / "mem").mkdir()
    for name, text in memories.items():
        (root / "mem" / name).write_text(text)
    port = {"format": WORD, "layer": ""}
    design = Design(
        root=root,
        name="modules",
        engine="test",
        board=find_board("Pynq-Z2"),
        top="modules_top",
        sources=(*(str(RTL / f"ganglion_{module}.sv") for module in MODULES), str(TOP)),
        memories={},
        input=Port(prefix="s_axis", **port),
        output=Port(prefix="m_axis", **port),
        taps=(),
    )
    words = [(_join(row, model.inputs) << 8) | model.number for row in stimuli]
    inputs = np.array([list(word.to_bytes(32, "little")) for word in words], dtype=np.int64)
    result = bench_of(design).run(inputs, Traffic(reset_cycles=2), root)
    assert not result.failure, result.failure
    outputs = WORD.unpack(result.words["m_axis"]).astype(np.uint8)
    return [_split(int.from_bytes(row.tobytes(), "little"), model.outputs) for row in outputs]


def _join(row: Row, widths: Mapping[str, int]) -> int:
    word = 0
    for name, bits in widths.items():
        assert 0 <= row.get(name, 0) < 1 << bits, name
        word = (word << bits) | row.get(name, 0)
    return word


def _split(word: int, widths: Mapping[str, int]) -> Row:
    row = {}
    for name, bits in reversed(widths.items()):
        row[name] = word & ((1 << bits) - 1)
        word >>= bits
    return row
