"""Collect what FINN generated and references into build/<name>/{rtl,mem}: patched sources and checked memories."""

import re
from dataclasses import dataclass
from pathlib import Path

from hw.finn_plugin import ModelWrapper, NodeProto, rtllib
from hw.passes.pipeline import chain, op
from hw.rtl_patches import patched
from models.artifacts import CompileError

# What a memory stream's wrapper needs, and FINN's list of a node's files leaves out.
MEMORY_STREAM = ("axi/hdl/axilite.sv", "memstream/hdl/memstream.sv", "memstream/hdl/memstream_axi.sv")
# Instantiated by FIFO wrappers under FINN_SIMULATION only.
SIMULATION_ONLY = {"fifo_gauge.sv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A parameter memory: the wrapper that streams it into `port` of `node`, its file and its stream's width in bits."""

    node: str
    wrapper: str
    port: str
    file: str
    width_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The files of a design: source names in compile order, memories, and the names of the patches applied."""

    sources: tuple[str, ...]
    memories: tuple[Memory, ...]
    patches: tuple[str, ...]


def gather(model: ModelWrapper, rtl: Path, mem: Path, skip_patches: frozenset[str] = frozenset()) -> Gathered:
    """Fill the folders `rtl` and `mem` and return what is in them; a missing or short file raises CompileError."""
    rtl.mkdir(parents=True)
    mem.mkdir(parents=True)
    nodes = chain(model)
    memories = tuple(memory for node in nodes if (memory := _memory(node, rtl, mem)))
    applied: list[str] = []
    generated: list[str] = []
    library: list[str] = []
    for file in _files(nodes):
        if file.is_relative_to(rtllib()):
            relative = str(file.relative_to(rtllib()))
            text, names = patched(relative, file.read_text(), skip_patches)
            applied += [f"{relative}: {name}" for name in names]
            library.append(file.name)
        else:
            text = file.read_text()
            generated.append(file.name)
        (rtl / file.name).write_text(text)
    packages = [name for name in library if name.endswith("_pkg.sv")]
    modules = [name for name in library if name not in packages]
    wrappers = [f"{memory.wrapper}.v" for memory in memories]
    return Gathered(sources=(*packages, *modules, *wrappers, *generated), memories=memories, patches=tuple(applied))


def _files(nodes: list[NodeProto]) -> list[Path]:
    """Return the sources of all nodes but their memory wrappers, each once."""
    names = [str(rtllib() / file) for file in MEMORY_STREAM]
    for node in nodes:
        names += op(node).get_rtl_file_list(abspath=True)
    files = list(dict.fromkeys(Path(name) for name in names if Path(name).name not in SIMULATION_ONLY))
    for file in files:
        if not file.is_file():
            raise CompileError(f"{file}: FINN names this RTL file but it is missing")
    return files


def _memory(node: NodeProto, rtl: Path, mem: Path) -> Memory | None:
    """Copy the node's parameter memory and its wrapper, if it has one, and return it."""
    if node.op_type.startswith("MVAU"):
        wrapper, data, port = f"{node.name}_memstream_wrapper", "memblock.dat", "in1_V"
    elif node.op_type.startswith("Requant"):
        wrapper, data, port = f"{node.name}_params_memstream_wrapper", "params_memblock.dat", "s_params_V"
    else:
        return None
    folder = Path(op(node).get_nodeattr("code_gen_dir_ipgen"))
    # The path in INIT_FILE is this build's; the top module gives the memory's own.
    text, n_paths = re.subn(r'INIT_FILE = "[^"]*"', 'INIT_FILE = ""', (folder / f"{wrapper}.v").read_text())
    if n_paths != 1:
        raise CompileError(f"{wrapper}.v: expected one INIT_FILE, found {n_paths}")
    (rtl / f"{wrapper}.v").write_text(text)
    words = (folder / data).read_text().split()
    depth, width = (_parameter(wrapper, text, name) for name in ("DEPTH", "WIDTH"))
    if len(words) != depth or any(len(word) != -(-width // 4) for word in words):
        raise CompileError(f"{node.name}: {data} holds {len(words)} words, expected {depth} of {width} bits")
    (mem / f"{node.name}.dat").write_text("\n".join(words) + "\n")
    return Memory(
        node=node.name, wrapper=wrapper, port=port, file=f"{node.name}.dat", width_bits=-(-width // 8) * 8
    )


def _parameter(wrapper: str, text: str, name: str) -> int:
    match = re.search(rf"parameter\s+{name} = (\d+)", text)
    if match is None:
        raise CompileError(f"{wrapper}.v: parameter {name} not found")
    return int(match.group(1))
