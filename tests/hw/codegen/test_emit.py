"""The generated top and the gathered files, from nodes made by hand: no FINN needed."""

from pathlib import Path

import pytest

from ganglion.hw.codegen.emit import top_module
from ganglion.hw.codegen.gather import MEMORY_STREAM, Memory, gather
from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.hardware_node import HardwareNode, NodeKind
from ganglion.models.build.errors import CompileError
from ganglion.models.spec.types import IntType

WRAPPER = """
module wrapper #(
  parameter DEPTH = {depth},
  parameter WIDTH = {width},
  parameter INIT_FILE = "/scratch/x.dat"
)();
endmodule
"""


def node(
    folder: Path, name: str, kind: NodeKind, inputs: tuple[int, int, int], outputs: tuple[int, int, int]
) -> HardwareNode:
    """Return a node with one generated file; shapes are (word_values, words, width_bits)."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.v"
    file.write_text(f"module {name}; endmodule\n")
    shapes = [
        StreamFormat(
            type=IntType(bits=bits // word_values, signed=True),
            features=word_values * words,
            word_values=word_values,
            words=words,
            width_bits=bits,
        )
        for word_values, words, bits in (inputs, outputs)
    ]
    return HardwareNode(
        name=name,
        kind=kind,
        module=name,
        folder=folder,
        files=(file,),
        input=shapes[0],
        output=shapes[1],
        layers=int(kind is NodeKind.REQUANT),
    )


@pytest.fixture
def chain(tmp_path: Path) -> tuple[HardwareNode, ...]:
    return (
        node(tmp_path / "fifo", "fifo_0", NodeKind.FIFO, (11, 1, 88), (11, 1, 88)),
        node(tmp_path / "mvau", "mvau_0", NodeKind.MVAU, (11, 1, 88), (2, 4, 40)),
        node(tmp_path / "requant", "requant_0", NodeKind.REQUANT, (2, 4, 40), (2, 4, 16)),
    )


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name in MEMORY_STREAM:
        (tmp_path / "library" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "library" / name).write_text("module m; endmodule\n")
    return tmp_path / "library"


def write_memory(folder: Path, wrapper: str, data: str, words: list[str], depth: int) -> None:
    (folder / f"{wrapper}.v").write_text(WRAPPER.format(depth=depth, width=8))
    (folder / data).write_text("\n".join(words))


@pytest.fixture
def complete(chain: tuple[HardwareNode, ...]) -> tuple[HardwareNode, ...]:
    write_memory(chain[1].folder, "mvau_0_memstream_wrapper", "memblock.dat", ["0a", "ff"], 2)
    write_memory(chain[2].folder, "requant_0_params_memstream_wrapper", "params_memblock.dat", ["01"], 1)
    return chain


def test_top_chains_the_nodes_and_taps_the_requantizers(chain: tuple[HardwareNode, ...]) -> None:
    memory = Memory(
        node="mvau_0", wrapper="mvau_0_memstream_wrapper", port="in1_V", file="mvau_0.dat", width_bits=8
    )
    text = top_module(chain, (memory,))
    assert "input logic [87:0] s_axis_tdata," in text
    assert "output logic [15:0] m_axis_tdata," in text
    assert "fifo_0 u_fifo_0 (" in text
    assert ".in0_V_TDATA(s_axis_tdata)" in text
    assert ".in1_V_TDATA(mvau_0_params_tdata)" in text
    assert '.INIT_FILE({MemDir, "/mvau_0.dat"})' in text
    assert "assign tap0_tdata = m_axis_tdata;" in text
    assert text.count("endmodule") == 1


def test_gathered_memory_has_its_words_and_no_path(complete: tuple[HardwareNode, ...], library: Path) -> None:
    rtl, mem = library.parent / "rtl", library.parent / "mem"
    gathered = gather(complete, library, rtl, mem, frozenset())
    assert (mem / "mvau_0.dat").read_text() == "0a\nff\n"
    assert "/scratch" not in (rtl / "mvau_0_memstream_wrapper.v").read_text()
    assert [memory.width_bits for memory in gathered.memories] == [8, 8]
    assert all((rtl / source).is_file() for source in gathered.sources)


def test_words_narrower_than_their_stream_are_filled_up(
    complete: tuple[HardwareNode, ...], library: Path
) -> None:
    (complete[1].folder / "memblock.dat").write_text("a\n7\n")  # weights of 4 bits, a stream of 8
    gather(complete, library, library.parent / "rtl", library.parent / "mem", frozenset())
    assert (library.parent / "mem" / "mvau_0.dat").read_text() == "0a\n07\n"


def test_short_memory_is_refused(complete: tuple[HardwareNode, ...], library: Path) -> None:
    (complete[1].folder / "memblock.dat").write_text("0a\n")
    with pytest.raises(CompileError, match="mvau_0: memblock.dat holds 1 words, expected 2 of 8 bits"):
        gather(complete, library, library.parent / "rtl", library.parent / "mem", frozenset())


def test_missing_file_is_named(complete: tuple[HardwareNode, ...], library: Path) -> None:
    complete[0].files[0].unlink()
    with pytest.raises(CompileError, match="fifo_0.v: FINN names this file, but it is missing"):
        gather(complete, library, library.parent / "rtl", library.parent / "mem", frozenset())
