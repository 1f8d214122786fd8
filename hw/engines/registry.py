"""The engines by name."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from ganglion.hw.engines.delta.engine import Delta
from ganglion.hw.engines.dense.engine import Dense
from ganglion.hw.engines.engine import Engine
from ganglion.hw.engines.folded.engine import Folded
from ganglion.hw.engines.planar.engine import Planar
from ganglion.hw.engines.unrolled.engine import Unrolled
from ganglion.models.build.errors import CompileError, ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork

AUTO = "auto"
"""In place of an engine: the smallest of all that fits and is fast enough."""

_engines: dict[str, Engine] = {
    engine.name: engine for engine in (Dense(), Folded(), Unrolled(), Delta(), Planar())
}


def engines() -> tuple[Engine, ...]:
    """Return every engine, the baseline first."""
    return tuple(_engines.values())


def require_able(network: IntNetwork, chosen: Sequence[Engine]) -> None:
    """Raise CompileError, with engines that can, for a layer that its engine, one a layer, cannot compute."""
    spec = network.spec
    for index, (layer, engine) in enumerate(zip(spec.layers, chosen, strict=True)):
        if refusal := engine.refusal(layer):
            able = _names(each.name for each in engines() if not each.refusal(layer))
            raise CompileError(f"{refusal}; {f'take {able} for it' if able else 'no engine does'}")
        if index and chosen[index - 1] is not engine and len(layer.in_shape) > 1:
            raise CompileError(
                f"{layer.name} reads a map on {spelled('engine', engine.name)}, which "
                f"{spelled('engine', chosen[index - 1].name)} computes; one engine for both"
            )
    if spec.frame_stack > 1 and not chosen[0].keeps_frames:
        able = _names(each.name for each in engines() if each.keeps_frames)
        raise CompileError(
            f"{spelled('engine', chosen[0].name)} keeps no frames, of which {spec.layers[0].name} reads the "
            f"latest {spec.frame_stack}; take {able or 'a policy without a frame stack'}"
        )
    without = next((engine for engine in chosen if not engine.keeps_state), None)
    if spec.thresholds is not None and without is not None:
        able = _names(each.name for each in engines() if each.keeps_state)
        raise CompileError(
            f"{spelled('engine', without.name)} keeps no state, which the policy's thresholds "
            f"{list(spec.thresholds)} need; take {able or 'a policy without thresholds'}"
        )


def refusal(network: IntNetwork, engine: Engine) -> str | None:
    """Return why an engine, its tail behind it, cannot compute a network; None where it can."""
    behind = find_engine(engine.tail) if engine.tail else engine
    chosen = [behind if engine.refusal(layer) else engine for layer in network.spec.layers]
    try:
        require_able(network, chosen)
    except CompileError as error:
        return str(error)
    return None


def _names(names: Iterable[str]) -> str:
    return " or ".join(spelled("engine", name) for name in names)


def with_tails(asked: Iterable[Engine]) -> tuple[Engine, ...]:
    """Return engines, each once, and those that compute what they leave."""
    own = tuple(asked)
    return tuple(dict.fromkeys((*own, *(find_engine(each.tail) for each in own if each.tail))))


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
