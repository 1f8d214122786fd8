"""hw.json: what compile leaves behind, as it writes it and the later stages read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.chip_head import ChipHead
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.closure import code_hash
from ganglion.models.build.codec import STRICT, decode, encode
from ganglion.models.build.errors import CompileError, GanglionError
from ganglion.models.build.files import check_hashes, read_json, sha256_file, write_json
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled_command
from ganglion.models.build.stage import Stage

MAX_CYCLES = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An AXI-Stream of the top module, `<prefix>_tdata`, `_tvalid`, `_tready`; a tap carries its `layer`."""

    __pydantic_config__: ClassVar = STRICT

    prefix: str
    format: StreamFormat
    layer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerReport:
    """What computes a layer: engine, node, the cycles that it works on a vector, and what else is known."""

    __pydantic_config__: ClassVar = STRICT

    name: str
    engine: str
    node: str
    cycles: int
    figures: dict[str, int]

    def __post_init__(self) -> None:
        if not 0 <= self.cycles <= MAX_CYCLES:
            raise CompileError(f"{self.name}: cycles {self.cycles}: allowed from 0 to {MAX_CYCLES}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentReport:
    """A run of layers from `first` on that is one node: the values in its words, its plan's shape."""

    __pydantic_config__: ClassVar = STRICT

    engine: str
    first: str
    in_values: int
    out_values: int
    shape: dict[str, Any]
    figures: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a design is predicted to take of its part, and its cycles from input to answer and to the next."""

    __pydantic_config__: ClassVar = STRICT

    resources: Resources
    latency_cycles: int
    interval_cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateReport:
    """An engine that "auto" considered, named as it is asked for."""

    __pydantic_config__: ClassVar = STRICT

    name: str
    latency_us: float
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceReport:
    """What "auto" took, why, and from what."""

    __pydantic_config__: ClassVar = STRICT

    taken: str
    reason: str
    candidates: tuple[CandidateReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the design was compiled from: hashes of the policy's files, settings, tools' versions, code."""

    __pydantic_config__: ClassVar = STRICT

    policy: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """An accelerator: its sources in compile order, its memories, its ports; paths are relative to `root`.

    `behavioural` says what is simulated by a model of it; `head` stands behind the accelerator in a shell.
    `root` is where hw.json lies. What has a default is not known of a design that was not compiled.
    """

    __pydantic_config__: ClassVar = STRICT

    root: Path
    name: str
    engine: str
    board: Board
    top: str
    sources: tuple[str, ...]
    memories: dict[str, str]
    input: Port
    output: Port
    taps: tuple[Port, ...]
    inputs: Inputs = field(default_factory=lambda: Inputs(policy={}))
    estimate: Estimate | None = None
    layers: tuple[LayerReport, ...] = ()
    segments: tuple[SegmentReport, ...] = ()
    nodes: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    behavioural: tuple[str, ...] = ()
    choice: ChoiceReport | None = None
    head: ChipHead | None = None
    commit: str = "unknown"

    def __post_init__(self) -> None:
        for source in self.sources:
            if not (self.root / source).is_file():
                raise CompileError(f"{self.root / source} is missing")
        check_hashes(self.root, self.memories)

    @property
    def part(self) -> str:
        """The board's FPGA part."""
        return self.board.part

    @property
    def clock_mhz(self) -> float:
        """The clock aimed at, in MHz."""
        return self.board.clock_mhz

    @property
    def layer_cycles(self) -> tuple[int, ...]:
        """The cycles that each layer works on a vector."""
        return tuple(layer.cycles for layer in self.layers)

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of every source and memory, for the records of the stages that read them."""
        return {source: sha256_file(self.root / source) for source in self.sources} | self.memories


def write_design(path: Path, design: Design) -> None:
    """Replace hw.json by a design."""
    value = encode(design)
    del value["root"]
    write_json(path, value)


def load_design(paths: BuildPaths) -> Design:
    """Return the design of build/<name>/hw.json; ExportError without it, CompileError for a wrong one.

    Both say what to do.
    """
    file = paths.made(paths.hw, "compile")
    try:
        value = read_json(file)
        if "root" in value:
            raise CompileError(f"{file}: root is not for the file to say")
        design = decode(Design, value | {"root": str(paths.root)}, str(file), CompileError)
        _check_policy(paths, design.inputs.policy)
    except GanglionError as error:
        raise CompileError(f"{error}; run {spelled_command('compile', paths.root.name)} again") from None
    return design


@contextmanager
def locked_design(paths: BuildPaths) -> Iterator[Design]:
    """Hold a build alone while the block runs, and yield its design; raises what `load_design` does."""
    with locked(paths.existing()):
        yield load_design(paths)


def _check_policy(paths: BuildPaths, compiled: dict[str, str]) -> None:
    """Raise CompileError when the policy folder is not the one that hw.json was compiled from."""
    for name, recorded in compiled.items():
        if sha256_file(paths.policy / name) != recorded:
            raise CompileError(f"{paths.hw} was compiled from another {name}")


def design_stage(name: str, paths: BuildPaths, design: Design, module: str, **more: Any) -> Stage:
    """Return a stage that depends on the design, the policy, all code that `module` reaches, and `more`."""
    inputs = {
        "hw": sha256_file(paths.hw),
        "design": design.hashes,
        "policy": sha256_file(paths.policy / "policy.json"),
        "code": code_hash(module),
    }
    return Stage(root=paths.root, name=name, inputs=inputs | more)
