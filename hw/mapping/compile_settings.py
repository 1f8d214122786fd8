"""What to compile for, as the command line says it: the engines, and the settings that each of them reads."""

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from ganglion.hw.engines.folded.settings import Multiplier
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.target.board import Board, Engine, find_board
from ganglion.models.build.codec import encode
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled

if TYPE_CHECKING:
    from ganglion.hw.mapping.layout import EngineSettings

DEFAULT_LATENCY_US = 2.0
MAX_LANES, MAX_CUT, MAX_CSD_DIGITS = 64, 64, 4
# The engine that reads a setting; what no engine of a build reads is refused on the command line.
READERS = {
    "lanes": Engine.FOLDED,
    "multiplier": Engine.FOLDED,
    "cut": Engine.UNROLLED,
    "csd_digits": Engine.UNROLLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSettings:
    """What to compile for."""

    board: Board
    engines: tuple[Engine, ...]
    """One for all layers, or one a layer."""
    lanes: int = 8
    """Multipliers of the folded engine."""
    multiplier: Multiplier = Multiplier.DSP
    """What multiplies in the folded engine."""
    cut: int = 2
    """Adders between two registers of the unrolled engine."""
    csd_digits: int | None = None
    """The most signed digits that a weight of the unrolled engine may have; any number when None."""
    latency_us: float | None = None
    """How long an answer may take; what auto chooses may take `DEFAULT_LATENCY_US` when None."""

    @property
    def engine_names(self) -> str:
        """The engines as ENGINE names them."""
        return ",".join(engine.value for engine in self.engines)

    def of_engines(self) -> "EngineSettings":
        """Return what the sparse engines are built with on the board."""
        from ganglion.hw.mapping.layout import EngineSettings

        return EngineSettings(
            lanes=self.lanes,
            multiplier=self.multiplier,
            unrolled=UnrolledSettings(cut=self.cut, csd_digits=self.csd_digits).on(self.board),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict of what matters to the engines."""
        values = {**{name: getattr(self, name) for name in READERS}, "multiplier": self.multiplier.value}
        used = {name: value for name, value in values.items() if READERS[name] in self.engines}
        common = {"board": encode(self.board), "engine": self.engine_names, "latency_us": self.latency_us}
        return common | used


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """The board and the engines as a user asks for them; what is None has its engine's default."""

    board: str = "Pynq-Z2"
    """The board, by name or alias."""
    clock_mhz: float | None = None
    """The clock to aim at in MHz; the board's own unless given."""
    engine: str = Engine.AUTO.value
    """auto, dense, folded or unrolled; or one a layer, such as unrolled,folded,dense."""
    latency_us: float | None = None
    """How long an answer may take in µs; auto takes the smallest engine that keeps to it (2 unless given)."""
    lanes: int | None = None
    """Multipliers of the folded engine (8 unless given)."""
    multiplier: Multiplier | None = None
    """What multiplies in the folded engine (dsp unless given)."""
    cut: int | None = None
    """Adders between two registers of the unrolled engine (2 unless given)."""
    csd_digits: int | None = None
    """Refuse a policy of which an unrolled weight has more signed digits."""

    def __post_init__(self) -> None:
        for name, most in (("lanes", MAX_LANES), ("cut", MAX_CUT), ("csd_digits", MAX_CSD_DIGITS)):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= most:
                raise ConfigError(f"{spelled(name, value)}: allowed from 1 to {most}")
        if self.latency_us is not None and not 0 < self.latency_us < math.inf:
            raise ConfigError(f"{spelled('latency_us', self.latency_us)}: allowed are finite times above 0")

    def checked(self) -> CompileSettings:
        """Return what to compile for; ConfigError for an unknown name or a setting that nobody reads."""
        board, engines = find_board(self.board), Engine.parse(self.engine)
        if self.clock_mhz is not None:
            board = replace(board, clock_mhz=self.clock_mhz)
        given = {name: getattr(self, name) for name in READERS if getattr(self, name) is not None}
        for name, value in given.items():
            if READERS[name] not in engines:
                shown = value.value if isinstance(value, Enum) else value
                raise ConfigError(
                    f"{spelled(name, shown)} is for {spelled('engine', READERS[name].value)}, "
                    f"but {spelled('engine', self.engine)} does not read it; leave it out or name that engine"
                )
        return CompileSettings(board=board, engines=engines, latency_us=self.latency_us, **given)
