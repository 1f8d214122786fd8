"""A board: its part, what that has, how much of it we may take; read from boards/<family>/<name>.toml."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import ClassVar

from ganglion.hw.target.boards import BOARDS
from ganglion.hw.target.family import Family
from ganglion.hw.target.resources import Resources
from ganglion.hw.target.wiring import Wiring
from ganglion.models.build.codec import STRICT, decode_toml, encode
from ganglion.models.build.errors import CompileError, ConfigError
from ganglion.models.build.spelling import spelled

FAMILY_FILE = "family.toml"


class Processor(Enum):
    """The processing system beside the logic, around which a bit file is built."""

    ZYNQ = "zynq"
    ZYNQMP = "zynqmp"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorPll:
    """The processing system's PLL from which the logic's clock is divided, as the boot loader leaves it."""

    __pydantic_config__: ClassVar = STRICT

    crystal_mhz: float
    mhz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPart:
    """The part as openXC7 calls it, which knows no temperature grades, and the database of its family."""

    __pydantic_config__: ClassVar = STRICT

    name: str
    database: str

    @property
    def device(self) -> str:
        """The part without its speed grade, for example xc7z020clg400."""
        return self.name.rpartition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The fractions of a part that the accelerator may take; DMA, interconnect and routing need the rest."""

    __pydantic_config__: ClassVar = STRICT

    lut: float
    dsp: float
    bram: float

    def __post_init__(self) -> None:
        for name in ("lut", "dsp", "bram"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"share.{name} = {getattr(self, name)} is outside (0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board: its FPGA part and family, the clock aimed at in MHz, what the part has and what is ours.

    `latency_us` is how long an answer may take where nothing else is asked for; `wiring` is how it is reached
    where there is no processor.
    """

    __pydantic_config__: ClassVar = STRICT

    name: str
    aliases: tuple[str, ...]
    part: str
    family: Family
    processor: Processor
    clock_mhz: float
    resources: Resources
    share: Share
    latency_us: float = 2.0
    wiring: Wiring | None = None
    processor_pll: ProcessorPll | None = None
    open_part: OpenPart | None = None

    def __post_init__(self) -> None:
        if (self.processor is Processor.NONE) != (self.processor_pll is None):
            raise ConfigError(f"{self.name}: a board has a processor_pll just when it has a processor")
        if not 0 < self.latency_us <= 1e6:
            raise ConfigError(f"{self.name}: latency_us = {self.latency_us} is outside 0 to 1e6")
        if not 1 <= self.clock_mhz <= 1000:
            raise ConfigError(f"{self.name}: {spelled('clock_mhz', self.clock_mhz)} is outside 1 to 1000")

    @property
    def clock_ns(self) -> float:
        """The clock's period in nanoseconds."""
        return 1000 / self.clock_mhz

    @property
    def budget(self) -> Resources:
        """What the accelerator may take of the part."""
        return Resources(
            lut=int(self.resources.lut * self.share.lut),
            ff=self.resources.ff,
            dsp=int(self.resources.dsp * self.share.dsp),
            bram=int(self.resources.bram * self.share.bram),
        )

    def holds(self, needed: Resources) -> bool:
        """Return whether that is within what the accelerator may take."""
        return not any(needed.over(self.budget))

    def require(self, needed: Resources, what: str, remedy: str) -> None:
        """Raise CompileError with what is short and the remedy when `needed` by `what` is over the budget."""
        if short := needed.shortage(self.budget):
            raise CompileError(f"{what} takes {short} that {self.name} has to give; {remedy}")


def read_board(path: Path) -> Board:
    """Return the board of a TOML file, beside which its family's lies; a wrong file raises ConfigError."""
    if not path.is_file():
        raise ConfigError(f"{path} is missing")
    family = decode_toml(Family, path.parent / FAMILY_FILE, name=path.parent.name)
    return decode_toml(Board, path, name=path.stem, family=encode(family))


@cache
def all_boards() -> tuple[Board, ...]:
    """Return every known board, smallest part first."""
    boards = [read_board(path) for path in BOARDS.glob("*/*.toml") if path.name != FAMILY_FILE]
    return tuple(sorted(boards, key=lambda board: (board.resources.dsp, board.name)))


def find_board(name: str) -> Board:
    """Return the board of that name or alias, or of that TOML file; ConfigError lists the known ones."""
    if name.endswith(".toml"):
        return read_board(Path(name))
    for board in all_boards():
        if name == board.name or name in board.aliases:
            return board
    known = ", ".join(" = ".join((board.name, *board.aliases)) for board in all_boards())
    raise ConfigError(f"board {name!r} is unknown; known boards: {known}, or a board's own .toml file")
