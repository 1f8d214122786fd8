"""A generated node as the rest of the flow sees it: its module, files and streams, free of FINN's classes."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.models.build.codec import STRICT, decode_json, encode_json
from ganglion.models.build.errors import CompileError

NODE_FILE = "node.json"


class NodeKind(Enum):
    """What a node does; the value begins FINN's name for it."""

    MVAU = "MVAU"
    REQUANT = "Requant"
    FIFO = "StreamingFIFO"
    PADDING = "FMPadding"
    WINDOW = "ConvolutionInputGenerator"
    WIDTH_CONVERTER = "StreamingDataWidthConverter"
    ENGINE = "Ganglion"
    """An engine of ours, whose name follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareNode:
    """A node of the chain whose RTL has been generated in `folder`; `files` are its `module`'s sources.

    It completes `layers` layers: the last is its output stream, those before it are watched, where they can
    be, through `taps`, by their number in the node: ports tap<k>_* that exist under GANGLION_TAPS.
    `memories` are read from the folder that the module's parameter MemDir names.
    """

    __pydantic_config__: ClassVar = STRICT

    name: str
    kind: NodeKind
    module: str
    folder: Path
    files: tuple[Path, ...]
    input: StreamFormat
    output: StreamFormat
    layers: int = 0
    taps: tuple[tuple[int, StreamFormat], ...] = ()
    memories: tuple[Path, ...] = ()


def write_node(node: HardwareNode) -> None:
    """Leave the description of a node in its folder, for `read_node`."""
    encode_json(node.folder / NODE_FILE, node)


def read_node(folder: Path) -> HardwareNode:
    """Return the node that was generated in `folder`."""
    return decode_json(HardwareNode, folder / NODE_FILE, CompileError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where layer `layer` of the network can be watched: port `tap` of node `node`, or its output if None."""

    layer: int
    node: int
    tap: int | None
    format: StreamFormat


def watched(nodes: tuple[HardwareNode, ...]) -> tuple[Watched, ...]:
    """Return the layers of a chain of nodes that can be watched, in order."""
    found, first = [], 0
    for index, node in enumerate(nodes):
        found += [Watched(layer=first + tap, node=index, tap=tap, format=form) for tap, form in node.taps]
        first += node.layers
        if node.layers:
            found.append(Watched(layer=first - 1, node=index, tap=None, format=node.output))
    return tuple(found)
