"""What compile left behind: hw.json and the files it names, as the later stages read them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.models.build.closure import code_hash
from ganglion.models.build.errors import CompileError, ExportError
from ganglion.models.build.files import check_hashes, read_json, sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled_command


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An AXI-Stream of the top module, `<prefix>_tdata`, `_tvalid`, `_tready`; a tap carries its `layer`."""

    prefix: str
    format: StreamFormat
    layer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """An accelerator: its sources in compile order, its memories, its ports; paths are relative to `root`.

    `layer_cycles`, where the engine states them, are the cycles that each layer works on a vector.
    """

    root: Path
    name: str
    engine: str
    board: str
    part: str
    clock_mhz: float
    top: str
    sources: tuple[str, ...]
    memories: dict[str, str]
    input: Port
    output: Port
    taps: tuple[Port, ...]
    behavioural: tuple[str, ...]
    layer_cycles: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for source in self.sources:
            if not (self.root / source).is_file():
                raise CompileError(
                    f"{self.root / source} is missing; run {spelled_command('compile', self.root.name)} again"
                )
        check_hashes(self.root, self.memories)

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of every source and memory, for the records of the stages that read them."""
        return {source: sha256_file(self.root / source) for source in self.sources} | self.memories

    @classmethod
    def from_json(cls, root: Path, value: dict[str, Any]) -> "Design":
        """Return the design that hw.json describes; a missing key raises KeyError."""
        return cls(
            root=root,
            name=value["name"],
            engine=value["engine"],
            board=value["board"],
            part=value["part"],
            clock_mhz=value["clock_mhz"],
            top=value["top"],
            sources=tuple(value["sources"]),
            memories=value["memories"],
            input=Port(prefix="s_axis", format=StreamFormat.from_json(value["input"])),
            output=Port(prefix="m_axis", format=StreamFormat.from_json(value["output"])),
            taps=tuple(
                Port(prefix=tap["port"], format=StreamFormat.from_json(tap), layer=tap["layer"])
                for tap in value["taps"]
            ),
            behavioural=tuple(value["behavioural"]),
            layer_cycles=tuple(layer["cycles"] for layer in value.get("layers", ())),
        )


def load_design(paths: BuildPaths) -> Design:
    """Return the design of build/<name>/hw.json; a missing or altered file raises a GanglionError."""
    if not paths.hw.exists():
        raise CompileError(f"{paths.hw} is missing; run {spelled_command('compile', paths.root.name)} first")
    value = read_json(paths.hw)
    try:
        _check_policy(paths, value["inputs"]["policy"])
        return Design.from_json(paths.root, value)
    except KeyError as error:
        raise ExportError(
            f"{paths.hw}: missing key {error}; run {spelled_command('compile', paths.root.name)} again"
        ) from None


def _check_policy(paths: BuildPaths, compiled: dict[str, str]) -> None:
    """Raise CompileError when the policy folder is not the one that hw.json was compiled from."""
    for name, recorded in compiled.items():
        if sha256_file(paths.policy / name) != recorded:
            raise CompileError(
                f"{paths.hw} was compiled from another {name}; "
                f"run {spelled_command('compile', paths.root.name)} again"
            )


def stage_inputs(paths: BuildPaths, design: Design, module: str) -> dict[str, Any]:
    """Return what a stage's results depend on: the design, the policy, and all code that `module` reaches."""
    return {
        "hw": sha256_file(paths.hw),
        "design": design.hashes,
        "policy": sha256_file(paths.policy / "policy.json"),
        "code": code_hash(module),
    }
