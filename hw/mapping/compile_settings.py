"""What to compile for: a board, engines, and the settings of each, as the command line gives them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass, replace
from enum import Enum
from typing import Annotated, Any, Literal

import tyro

from ganglion.hw.engines.engine import Engine, EngineSettings
from ganglion.hw.engines.registry import AUTO, engines, parse_engines, with_tails
from ganglion.hw.target.board import Board, find_board
from ganglion.models.build.codec import encode
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSettings:
    """What to compile for."""

    board: Board
    engines: tuple[Engine, ...] = ()
    """One for all layers, with its tail's, or one a layer; none: the smallest that is fast enough."""
    settings: Mapping[str, EngineSettings] = field(default_factory=dict)
    """Each engine's, by its name; defaults where it has none, but a tail's are then chosen for the board."""
    latency_us: tuple[float, ...] = ()
    """How long an answer may take: the first of them that any engine keeps; none: the board's."""
    head: Literal["host", "chip"] = "host"
    """Where the action head is computed."""

    def __post_init__(self) -> None:
        for latency_us in self.latency_us:
            if not 0 < latency_us < math.inf:
                raise ConfigError(f"{spelled('latency_us', latency_us)}: allowed are finite times above 0")

    @property
    def engine_names(self) -> str:
        """The engines as they are asked for."""
        return ",".join(engine.name for engine in self.engines) or AUTO

    @property
    def open_tail(self) -> str | None:
        """The engine behind the one that is asked for, where nothing is said of it."""
        tails = [engine.tail for engine in self.engines if engine.tail]
        is_open = len(self.engines) == 1 and tails and tails[0] not in self.settings
        return tails[0] if is_open else None

    def of_engines(self) -> dict[str, EngineSettings]:
        """Return the settings of every engine that is asked for."""
        return {
            each.name: self.settings.get(each.name) or each.settings() for each in with_tails(self.engines)
        }

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict of what matters."""
        return {
            "board": encode(self.board),
            "engine": self.engine_names,
            "latency_us": self.latency_us,
            "head": self.head,
            "settings": {
                name: encode(settings)
                for name, settings in self.of_engines().items()
                if name != self.open_tail
            },
        }


def compile_settings(
    board: Board,
    engine: str = AUTO,
    latency_us: tuple[float, ...] = (),
    head: Literal["host", "chip"] = "host",
    **given: Any,
) -> CompileSettings:
    """Return what to compile for; `engine` as it is asked for, `given` the settings of engines by name.

    Raises ConfigError for an unknown engine, a wrong value, or a setting that no engine of these reads.
    """
    chosen = parse_engines(engine)
    of_all = {
        each.name: each.settings(**{name: given[name] for name in _names(each) if name in given})
        for each in engines()
    }
    computing = with_tails(chosen)
    read = {name for each in computing for name in _names(each)}
    for name, value in given.items():
        if name not in read:
            readers = [each.name for each in engines() if name in _names(each)]
            shown = value.value if isinstance(value, Enum) else value
            raise ConfigError(
                f"{spelled(name, shown)} is for {spelled('engine', ' or '.join(readers))}, "
                f"but {spelled('engine', engine)} does not read it; leave it out or name that engine"
            )
    settings = {
        each.name: of_all[each.name]
        for each in computing
        if each in chosen or any(name in given for name in _names(each))
    }
    return CompileSettings(board=board, engines=chosen, settings=settings, latency_us=latency_us, head=head)


def _names(engine: Engine) -> list[str]:
    return [each.name for each in fields(engine.settings)]


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """The board and the engines as a user asks for them."""

    board: str = "Pynq-Z2"
    """The board: its name, an alias, or a TOML file of its own beside its family's."""
    clock_mhz: float | None = None
    """The clock to aim at in MHz; the board's own unless given."""
    engine: str = AUTO
    """auto or an engine's name; or one a layer, such as unrolled,folded,dense."""
    latency_us: tuple[float, ...] = ()
    """How long an answer may take in µs; auto takes the smallest engine in time (2 on most boards).
    Of several, the first that any engine keeps."""
    head: Literal["host", "chip"] = "host"
    """Where the network's integers become an action: host, or chip (tanh and scaling as a table, argmax)."""

    def __post_init__(self) -> None:
        self.checked()

    def checked(self) -> CompileSettings:
        """Return what to compile for; ConfigError for what is unknown, wrong, or read by nobody."""
        board = find_board(self.board)
        if self.clock_mhz is not None:
            board = replace(board, clock_mhz=self.clock_mhz)
        names = {name for engine in engines() for name in _names(engine)}
        given = {name: value for name in names if (value := getattr(self, name, None)) is not None}
        return compile_settings(board, self.engine, self.latency_us, self.head, **dict(sorted(given.items())))


def engine_options() -> type[TargetOptions]:
    """Return `TargetOptions` with a field for each setting of each engine, None where it is not given."""
    found: dict[str, tuple[str, Any, Any]] = {}
    for engine in engines():
        for each in fields(engine.settings):
            default = each.default.value if isinstance(each.default, Enum) else each.default
            unless = "" if default is None else f" ({default} unless given)"
            kind = Annotated[each.type | None, tyro.conf.arg(help=f"{each.metadata['help']}{unless}")]
            found[each.name] = (each.name, kind, field(default=None))
    return make_dataclass(
        "EngineOptions",
        found.values(),
        bases=(TargetOptions,),
        namespace={"__module__": __name__},
        frozen=True,
        kw_only=True,
    )


EngineOptions: type[TargetOptions] = engine_options()


def options_for(engine: str, **settings: Any) -> TargetOptions:
    """Return the options that ask for an engine with settings of its own."""
    kind: Any = EngineOptions
    return kind(engine=engine, **settings)
