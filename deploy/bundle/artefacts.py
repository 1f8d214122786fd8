"""What a bundle is made from: a build's artefacts, read as files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ganglion.models.build.codec import SOME_KEYS, Amount, Count, decode_json, decode_toml
from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.build.files import laid_over, read_json, sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled, spelled_command
from ganglion.models.formats.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The board of a design."""

    __pydantic_config__: ClassVar = SOME_KEYS

    name: str
    aliases: tuple[str, ...] = ()
    clock_mhz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A stream's format: the channels of a map that travel together, position by position."""

    __pydantic_config__: ClassVar = SOME_KEYS

    channels: Count = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A stream of a design."""

    __pydantic_config__: ClassVar = SOME_KEYS

    format: Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """hw.json, of which this much is read."""

    __pydantic_config__: ClassVar = SOME_KEYS

    board: Board
    input: Port


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitstream:
    """bitstream.json, of which this much is read; `files` are sizes by path, relative to the build."""

    __pydantic_config__: ClassVar = SOME_KEYS

    status: str
    reason: str | None = None
    flow: str | None = None
    shell: str | None = None
    """The SHA-256 of the shell.json that it was made from."""
    tools: dict[str, str] = field(default_factory=dict)
    files: dict[str, Count] = field(default_factory=dict)
    met_mhz: Amount | None = None
    resources: dict[str, Count] = field(default_factory=dict)
    seed: Count | None = None
    baud: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """A build's files for a bundle; where `bitstream` is None the Verilated shell stands for the board."""

    paths: BuildPaths
    board: Board
    channels: int
    """Of a map that the accelerator reads with channels last; else 1."""
    shell: dict[str, Any]
    bitstream: Bitstream | None
    reason: str
    """Why there is no bit file."""

    @property
    def bit_files(self) -> tuple[Path, ...]:
        """The bit file, and what belongs to it."""
        return tuple(self.paths.root / name for name in (self.bitstream.files if self.bitstream else ()))

    @property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of all that a bundle is made from."""
        paths = self.paths
        files = [paths.hw, *(paths.policy / name for name in (JSON_FILE, ONNX_FILE, GOLDEN_FILE))]
        files += [paths.shell_json, *(self.bit_files or [paths.shell_library])]
        return {str(file.relative_to(paths.root)): sha256_file(file) for file in files}


def read_artefacts(paths: BuildPaths, board: str | None, simulated: bool) -> Artefacts:
    """Return a build's artefacts; a missing one raises ExportError, those for another board ConfigError."""
    name = paths.root.name
    design = decode_json(Design, paths.made(paths.hw, "compile"))
    found = design.board
    if board is not None and not _is_board(board, found, paths.hw):
        raise ConfigError(
            f"{spelled('board', board)}: {paths.root} is a build for {found.name}; build it for {board} first"
        )
    shell = read_json(paths.made(paths.shell_json, "shell"))
    if shell.get("policy") != sha256_file(paths.policy / JSON_FILE):
        raise ExportError(
            f"{paths.shell_json} was made from another policy; run {spelled_command('shell', name)} first"
        )
    bitstream, reason = _read_bitstream(paths, simulated)
    if bitstream is None:
        paths.made(paths.shell_library, "shell")
    return Artefacts(
        paths=paths,
        board=found,
        channels=design.input.format.channels,
        shell=shell,
        bitstream=bitstream,
        reason=reason,
    )


def _is_board(asked: str, found: Board, hw: Path) -> bool:
    """Return whether a name or a TOML file is of a design's board, of which hw.json holds the whole file."""
    path = Path(asked)
    if path.suffix != ".toml":
        return asked in (found.name, *found.aliases)
    if path.stem != found.name:
        return False
    described = read_json(hw)["board"]
    return laid_over(described, decode_toml(dict[str, Any], path)) == described


def _read_bitstream(paths: BuildPaths, simulated: bool) -> tuple[Bitstream | None, str]:
    """Return what bitstream.json says when there is a bit file that is wanted, and why else there is none."""
    if simulated:
        return None, "a simulated bundle was asked for"
    if not paths.bitstream.exists():
        return None, "none has been made of this build"
    found = decode_json(Bitstream, paths.bitstream)
    if found.status != "done":
        return None, found.reason or found.status
    if found.shell != sha256_file(paths.shell_json):
        raise ExportError(
            f"{paths.bitstream}: the bit file is of another policy or register block than "
            f"{paths.shell_json}; make it again"
        )
    return found, ""
