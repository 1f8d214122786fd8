"""The engines by name."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ganglion.hw.engines.delta.engine import Delta
from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.engine import Engine
from ganglion.hw.engines.folded.engine import Folded
from ganglion.hw.engines.unrolled.engine import Unrolled
from ganglion.models.build.errors import CompileError, ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork

AUTO = "auto"
"""In place of an engine: the smallest of all that fits and is fast enough."""

_engines: dict[str, Engine] = {engine.name: engine for engine in (Dense(), Folded(), Unrolled(), Delta())}


def engines() -> tuple[Engine, ...]:
    """Return every engine, the baseline first."""
    return tuple(_engines.values())


def require_state(network: IntNetwork, asked: Iterable[Engine]) -> None:
    """Raise CompileError if a network has thresholds and an engine keeps no state."""
    without = next((engine for engine in asked if not engine.keeps_state), None)
    if network.spec.thresholds is not None and without is not None:
        able = [spelled("engine", engine.name) for engine in engines() if engine.keeps_state]
        raise CompileError(
            f"{spelled('engine', without.name)} keeps no state, which the policy's thresholds "
            f"{list(network.spec.thresholds)} need; take {' or '.join(able) or 'a policy without thresholds'}"
        )


def engine_names() -> str:
    """Return the engines' names for a message."""
    return ", ".join(_engines)


@contextmanager
def registered(engine: Engine) -> Iterator[None]:
    """Know one engine more, or another of that name, while the block runs."""
    before = dict(_engines)
    _engines[engine.name] = engine
    try:
        yield
    finally:
        _engines.clear()
        _engines.update(before)


def find_engine(name: str) -> Engine:
    """Return the engine of that name; ConfigError lists the known ones."""
    if name not in _engines:
        raise ConfigError(
            f"engine {name!r} is unknown; known engines: {AUTO}, {engine_names()}; "
            "name one for all layers or one a layer, separated by commas"
        )
    return _engines[name]


def parse_engines(text: str) -> tuple[Engine, ...]:
    """Return the engines of a comma-separated list, none for "auto"; a wrong name raises ConfigError."""
    names = text.split(",")
    if names == [AUTO]:
        return ()
    if AUTO in names:
        raise ConfigError(
            f"{spelled('engine', text)}: {AUTO} chooses one engine for all layers; name it alone"
        )
    return tuple(find_engine(name) for name in names)
