"""Collect what the nodes consist of into rtl/ and mem/: patched sources and checked memories."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.codegen.rtl_patches import patched
from ganglion.hw.design.hardware_node import HardwareNode, NodeKind
from ganglion.models.build.errors import CompileError

# What a memory stream's wrapper needs, and FINN's list of a node's files leaves out.
MEMORY_STREAM = ("axi/hdl/axilite.sv", "memstream/hdl/memstream.sv", "memstream/hdl/memstream_axi.sv")
# Instantiated by FIFO wrappers under FINN_SIMULATION only.
SIMULATION_ONLY = {"fifo_gauge.sv"}
# Suffix of the memory's wrapper, file of its words, and port of the node that reads it.
PARAMETERS = {
    NodeKind.MVAU: ("memstream_wrapper", "memblock.dat", "in1_V"),
    NodeKind.REQUANT: ("params_memstream_wrapper", "params_memblock.dat", "s_params_V"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A parameter memory of FINN's: the wrapper that streams it into `port` of `node`, its file and width."""

    node: str
    wrapper: str
    port: str
    file: str
    width_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The files of a design: names of sources and memory files, and the patches applied, by name.

    `memories` are those that FINN's wrappers stream into nodes.
    """

    sources: tuple[str, ...]
    memories: tuple[Memory, ...]
    memory_files: tuple[str, ...]
    patches: tuple[str, ...]


def gather(
    nodes: tuple[HardwareNode, ...],
    library: Path | None,
    rtl: Path,
    mem: Path,
    skip_patches: frozenset[str] = frozenset(),
) -> Gathered:
    """Fill the new folders `rtl` and `mem` and return their contents; a missing or short file: CompileError.

    library: FINN's folder of RTL, whose files are patched on the way; None where no node is FINN's.
    """
    rtl.mkdir(parents=True)
    mem.mkdir(parents=True)
    memories = tuple(_copy_memory(node, rtl, mem) for node in nodes if node.kind in PARAMETERS)
    own = [memory for node in nodes for memory in node.memories]
    for memory in own:
        shutil.copyfile(memory, mem / memory.name)
    sources: list[str] = []
    patches: list[str] = []
    for file in _files(nodes, library):
        text = _read(file)
        if library and file.is_relative_to(library):
            relative = str(file.relative_to(library))
            text, names = patched(relative, text, skip_patches)
            patches += [f"{relative}: {name}" for name in names]
        # A node of ours finds its memories where it was generated; the top module gives their new place.
        for folder in {node.folder for node in nodes if node.memories}:
            text = text.replace(f'"{folder.resolve()}"', f'"{mem.name}"')
        (rtl / file.name).write_text(text)
        sources.append(file.name)
    sources += [f"{memory.wrapper}.v" for memory in memories]
    # Packages first; modules may come in any order.
    ordered = sorted(sources, key=lambda name: not name.endswith("_pkg.sv"))
    return Gathered(
        sources=tuple(ordered),
        memories=memories,
        memory_files=(*(memory.file for memory in memories), *(memory.name for memory in own)),
        patches=tuple(patches),
    )


def _files(nodes: tuple[HardwareNode, ...], library: Path | None) -> list[Path]:
    """Return the sources of all nodes but their memories' wrappers, each once."""
    streamed = library and any(node.kind in PARAMETERS for node in nodes)
    common = [library / name for name in MEMORY_STREAM] if library and streamed else []
    files = [*common, *(file for node in nodes for file in node.files)]
    return [file for file in dict.fromkeys(files) if file.name not in SIMULATION_ONLY]


def _copy_memory(node: HardwareNode, rtl: Path, mem: Path) -> Memory:
    """Copy the node's parameter words and their wrapper, and return the memory."""
    suffix, data, port = PARAMETERS[node.kind]
    wrapper = f"{node.name}_{suffix}"
    # The path in INIT_FILE is that of this build's scratch; the top module gives the memory's own.
    text, n_paths = re.subn(r'INIT_FILE = "[^"]*"', 'INIT_FILE = ""', _read(node.folder / f"{wrapper}.v"))
    if n_paths != 1:
        raise CompileError(f"{wrapper}.v: expected one INIT_FILE, found {n_paths}")
    words = _read(node.folder / data).split()
    depth, width = (_parameter(wrapper, text, name) for name in ("DEPTH", "WIDTH"))
    digits = -(-width // 4)
    if len(words) != depth or any(len(word) > digits for word in words):
        raise CompileError(f"{node.name}: {data} holds {len(words)} words, expected {depth} of {width} bits")
    (rtl / f"{wrapper}.v").write_text(text)
    # The stream is padded to whole bytes, FINN's words to whole digits.
    (mem / f"{node.name}.dat").write_text("".join(f"{word.zfill(digits)}\n" for word in words))
    stream_bits = -(-width // 8) * 8
    return Memory(node=node.name, wrapper=wrapper, port=port, file=f"{node.name}.dat", width_bits=stream_bits)


def _read(file: Path) -> str:
    if not file.is_file():
        raise CompileError(f"{file}: FINN names this file, but it is missing")
    return file.read_text()


def _parameter(wrapper: str, text: str, name: str) -> int:
    match = re.search(rf"parameter\s+{name} = (\d+)", text)
    if match is None:
        raise CompileError(f"{wrapper}.v: parameter {name} not found")
    return int(match.group(1))
