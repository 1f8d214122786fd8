"""A generated node as the rest of the flow sees it: its module, files and streams, free of FINN's classes."""

from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from ganglion.models.build.files import read_json, write_json

NODE_FILE = "node.json"


class NodeKind(Enum):
    """What a node does; the value begins FINN's name for it."""

    MVAU = "MVAU"
    REQUANT = "Requant"
    FIFO = "StreamingFIFO"
    WIDTH_CONVERTER = "StreamingDataWidthConverter"
    FOLDED = "GanglionFolded"
    UNROLLED = "GanglionUnrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamShape:
    """One side's stream: a vector is `words` words of `lanes` values, a word `width_bits`, whole bytes."""

    lanes: int
    words: int
    width_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareNode:
    """A node of the chain whose RTL has been generated in `folder`; `files` are its `module`'s sources.

    It completes `layers` layers: the last is its output stream, those before it are watched, where they can
    be, through `taps`, by their number in the node: ports tap<k>_* that exist under GANGLION_TAPS.
    `memories` are read from the folder that the module's parameter MemDir names.
    """

    name: str
    kind: NodeKind
    module: str
    folder: Path
    files: tuple[Path, ...]
    input: StreamShape
    output: StreamShape
    layers: int = 0
    taps: tuple[tuple[int, StreamShape], ...] = ()
    memories: tuple[Path, ...] = ()


def write_node(node: HardwareNode) -> None:
    """Leave the description of a node in its folder, for `read_node`."""
    value = asdict(node) | {"kind": node.kind.value, "folder": str(node.folder)}
    value |= {name: [str(file) for file in getattr(node, name)] for name in ("files", "memories")}
    write_json(node.folder / NODE_FILE, value)


def read_node(folder: Path) -> HardwareNode:
    """Return the node that was generated in `folder`."""
    value = read_json(folder / NODE_FILE)
    return HardwareNode(
        **value
        | {
            "kind": NodeKind(value["kind"]),
            "folder": Path(value["folder"]),
            "files": tuple(Path(file) for file in value["files"]),
            "input": StreamShape(**value["input"]),
            "output": StreamShape(**value["output"]),
            "taps": tuple((layer, StreamShape(**shape)) for layer, shape in value["taps"]),
            "memories": tuple(Path(file) for file in value["memories"]),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where layer `layer` of the network can be watched: port `tap` of node `node`, or its output if None."""

    layer: int
    node: int
    tap: int | None
    shape: StreamShape


def watched(nodes: tuple[HardwareNode, ...]) -> tuple[Watched, ...]:
    """Return the layers of a chain of nodes that can be watched, in order."""
    found, first = [], 0
    for index, node in enumerate(nodes):
        found += [Watched(layer=first + tap, node=index, tap=tap, shape=shape) for tap, shape in node.taps]
        first += node.layers
        if node.layers:
            found.append(Watched(layer=first - 1, node=index, tap=None, shape=node.output))
    return tuple(found)
