"""What a board offers and how far a network may fill it, read strictly from hw/boards/<name>.toml."""

import tomllib
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from ganglion.hw.target.boards import BOARDS
from ganglion.models.build.errors import ConfigError

T = TypeVar("T")


class Engine(Enum):
    """How the network is computed."""

    AUTO = "auto"
    """The smallest of the others that fits and is fast enough; see hw.choose."""
    DENSE = "dense"
    """FINN's matrix-vector units: every weight costs time, zeros too."""
    FOLDED = "folded"
    """A statically scheduled engine of some lanes: a nonzero weight costs a lane's cycle, a zero nothing."""
    UNROLLED = "unrolled"
    """Every nonzero weight its own constant multiplier in one pipelined graph of shared adders."""

    @classmethod
    def known(cls, joint: str, *, auto: bool = True) -> str:
        """Return the engines' names, with or without "auto"."""
        return joint.join(engine.value for engine in cls if auto or engine is not cls.AUTO)

    @classmethod
    def parse(cls, text: str) -> "tuple[Engine, ...]":
        """Return the engines of a comma-separated list; an unknown name raises ConfigError."""
        names = text.split(",")
        for name in names:
            if name not in {engine.value for engine in cls}:
                raise ConfigError(
                    f"engine {name!r} is unknown; known engines: {cls.known(', ')}; "
                    "name one for all layers or one a layer, separated by commas"
                )
        engines = tuple(cls(name) for name in names)
        if cls.AUTO in engines and len(engines) > 1:
            raise ConfigError(f"ENGINE={text}: auto chooses one engine for all layers; name it alone")
        return engines


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Counts of a part's primitives, or of those a design takes; bram18 counts 18 Kbit halves."""

    lut: int
    ff: int
    dsp: int
    bram18: int

    def __add__(self, other: "Resources") -> "Resources":
        """Return both together."""
        return Resources(
            lut=self.lut + other.lut,
            ff=self.ff + other.ff,
            dsp=self.dsp + other.dsp,
            bram18=self.bram18 + other.bram18,
        )


NOTHING = Resources(lut=0, ff=0, dsp=0, bram18=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldingLimits:
    """How far folding may fill a part.

    The shares leave the rest to DMA, interconnect and routing. Hidden layers grow to a multiple of `pad_to`,
    so that lanes divide them. Adder trees (SIMD) and fan-outs (PE) wider than the maxima cost more clock
    than they save cycles.
    """

    lut_share: float
    dsp_share: float
    bram18_share: float
    pad_to: int
    max_simd: int
    max_pe: int

    def __post_init__(self) -> None:
        for name in ("lut_share", "dsp_share", "bram18_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"folding.{name} = {getattr(self, name)} is outside (0, 1]")
        for name in ("pad_to", "max_simd", "max_pe"):
            if getattr(self, name) < 1:
                raise ConfigError(f"folding.{name} = {getattr(self, name)} must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board: its FPGA part, the clock aimed at in MHz, what the part holds and how far it may be filled."""

    name: str
    aliases: tuple[str, ...]
    part: str
    clock_mhz: float
    resources: Resources
    folding: FoldingLimits

    def __post_init__(self) -> None:
        if not 1 <= self.clock_mhz <= 1000:
            raise ConfigError(f"{self.name}: clock_mhz = {self.clock_mhz} is outside 1 to 1000")

    @property
    def is_7series(self) -> bool:
        """Whether the part has DSP48E1 slices (25-bit multiplier port); UltraScale+ has DSP48E2 (27 bits)."""
        return self.part.startswith("xc7")

    @property
    def clock_ns(self) -> float:
        """The clock's period in nanoseconds."""
        return 1000 / self.clock_mhz

    @property
    def budget(self) -> Resources:
        """What the accelerator may take of the part."""
        return Resources(
            lut=int(self.resources.lut * self.folding.lut_share),
            ff=self.resources.ff,
            dsp=int(self.resources.dsp * self.folding.dsp_share),
            bram18=int(self.resources.bram18 * self.folding.bram18_share),
        )

    def holds(self, needed: Resources) -> bool:
        """Return whether that is within what the accelerator may take."""
        return all(getattr(needed, f.name) <= getattr(self.budget, f.name) for f in fields(Resources))


def read_board(path: Path) -> Board:
    """Return the board described by a TOML file; unknown, missing or mistyped keys raise ConfigError."""
    try:
        value = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    sections = {
        "name": path.stem,
        "resources": from_table(Resources, value.pop("resources", None), f"{path.name}: resources"),
        "folding": from_table(FoldingLimits, value.pop("folding", None), f"{path.name}: folding"),
    }
    if isinstance(value.get("aliases"), list):
        value["aliases"] = tuple(value["aliases"])
    return from_table(Board, value | sections, path.name)


def from_table(cls: type[T], value: Any, where: str) -> T:
    """Return the frozen dataclass `cls` from a TOML table with exactly its keys, else raise ConfigError."""
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: missing table")
    names = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    for kind, keys in (("missing", names - value.keys()), ("unknown", value.keys() - names)):
        if keys:
            raise ConfigError(
                f"{where}: {kind} key {', '.join(sorted(keys))}; known: {', '.join(sorted(names))}"
            )
    for name, hint in get_type_hints(cls).items():
        expected = getattr(hint, "__origin__", hint)
        if type(value[name]) is not expected:
            raise ConfigError(f"{where}: {name} must be {expected.__name__}, got {value[name]!r}")
    return cls(**value)


def all_boards() -> tuple[Board, ...]:
    """Return every known board, smallest part first."""
    boards = [read_board(path) for path in sorted(BOARDS.glob("*.toml"))]
    return tuple(sorted(boards, key=lambda board: (board.resources.dsp, board.name)))


def find_board(name: str) -> Board:
    """Return the board of that name or alias; an unknown one raises ConfigError listing the known ones."""
    boards = all_boards()
    for board in boards:
        if name == board.name or name in board.aliases:
            return board
    known = ", ".join(" = ".join((board.name, *board.aliases)) for board in boards)
    raise ConfigError(f"board {name!r} is unknown; known boards: {known}")
