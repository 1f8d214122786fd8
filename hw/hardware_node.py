"""A generated node as the rest of the flow sees it: its module, files and streams, free of FINN's classes."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class NodeKind(Enum):
    """What a node does; the value begins FINN's name for it."""

    MVAU = "MVAU"
    REQUANT = "Requant"
    FIFO = "StreamingFIFO"
    WIDTH_CONVERTER = "StreamingDataWidthConverter"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamShape:
    """One side's stream: a vector is `words` words of `lanes` values, a word `width_bits`, whole bytes."""

    lanes: int
    words: int
    width_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareNode:
    """A node of the chain whose RTL has been generated in `folder`; `files` are its `module`'s sources."""

    name: str
    kind: NodeKind
    module: str
    folder: Path
    files: tuple[Path, ...]
    input: StreamShape
    output: StreamShape
