"""What to compile for, as the command line says it: the engines, and the settings that each of them reads."""

import argparse
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ganglion.hw.engines.folded.settings import Multiplier
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.target.board import Board, Engine, find_board
from ganglion.models.build.errors import ConfigError

if TYPE_CHECKING:
    from ganglion.hw.mapping.layout import EngineSettings

DEFAULT_LATENCY_US = 2.0
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
        common = {"board": asdict(self.board), "engine": self.engine_names, "latency_us": self.latency_us}
        return common | used


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command line's options; what is not given is None."""
    parser.add_argument("--board", default="Pynq-Z2")
    parser.add_argument(
        "--engine",
        default=Engine.AUTO.value,
        help=f"{Engine.known(', ')}; or one a layer, such as unrolled,folded,dense",
    )
    parser.add_argument(
        "--latency-us",
        type=float,
        help="how long an answer may take; auto takes the smallest engine that keeps to it (default 2)",
    )
    parser.add_argument("--lanes", type=int, help="multipliers of the folded engine (default 8)")
    parser.add_argument("--multiplier", help="what multiplies in the folded engine: dsp (default) or lut")
    parser.add_argument("--cut", type=int, help="adders a stage of the unrolled engine (default 2)")
    parser.add_argument(
        "--csd-digits",
        type=int,
        help="refuse a policy of which an unrolled weight has more signed digits",
    )
    parser.add_argument("--clock-mhz", type=float, help="the clock to aim at; the board's own unless given")


def settings_of(arguments: argparse.Namespace) -> CompileSettings:
    """Return the settings that the command line asks for; ConfigError for one that no engine reads."""
    board, engines = find_board(arguments.board), Engine.parse(arguments.engine)
    if arguments.clock_mhz is not None:
        board = replace(board, clock_mhz=arguments.clock_mhz)
    given = {name: getattr(arguments, name) for name in READERS if getattr(arguments, name) is not None}
    for name in given:
        if READERS[name] not in engines:
            raise ConfigError(
                f"{name.upper()}={given[name]} is for ENGINE={READERS[name].value}, "
                f"but ENGINE={arguments.engine} does not read it; leave it out or name that engine"
            )
    if "multiplier" in given:
        given["multiplier"] = _multiplier(given["multiplier"])
    return CompileSettings(board=board, engines=engines, latency_us=arguments.latency_us, **given)


def _multiplier(name: str) -> Multiplier:
    try:
        return Multiplier(name)
    except ValueError:
        known = ", ".join(kind.value for kind in Multiplier)
        raise ConfigError(f"MULTIPLIER={name} is unknown; known multipliers: {known}") from None
