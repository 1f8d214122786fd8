"""The one decoder of every file that we read: JSON and TOML to frozen dataclasses, and back.

pydantic checks types strictly (a text is no number, NaN and infinity are none, unknown and missing keys are
errors); what only a class knows, its `__post_init__` rejects. A wrong file is one line that names the file,
the place in it, what was expected and what was found.
"""

import functools
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Le

from ganglion.models.build.errors import ConfigError, ExportError, GanglionError
from ganglion.models.build.files import read_json, write_json

T = TypeVar("T")

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""What every class of an artefact says of itself: `__pydantic_config__: ClassVar = STRICT`."""

SOME_KEYS: dict[str, Any] = STRICT | {"extra": "ignore"}
"""What a class says of itself that reads some keys only of what another version of ours, or others, wrote."""

Count = Annotated[int, Ge(0), Le(1 << 53)]
"""A number of things; to 2^53, where a float still counts."""
Amount = Annotated[float, Ge(0)]
"""A finite amount of something."""

UNION = "one of: "
"""How the tag of a class in a union begins, which is no place in a file."""

_SHOWN = 60


def decode(kind: type[T], value: Any, where: str, error: type[GanglionError] = ExportError) -> T:
    """Return the `kind` that a JSON-able `value` describes; else `error`, beginning with `where`."""
    from pydantic import ValidationError

    try:
        # Through text: strict mode takes JSON's lists for tuples and its texts for enums, but not Python's.
        return _adapter(kind).validate_json(json.dumps(value, default=str))
    except ValidationError as found:
        raise error(f"{where}: {_first(found)}") from None
    except GanglionError as found:
        said = str(found)
        raise error(said if said.startswith(f"{where}:") else f"{where}: {said}") from None
    except RecursionError:
        raise error(f"{where}: nested too deeply") from None


def decode_json(kind: type[T], path: Path, error: type[GanglionError] = ExportError) -> T:
    """Return what the JSON file `path` describes; missing, damaged or wrong, `error`."""
    return decode(kind, read_json(path, error), str(path), error)


def decode_toml(kind: type[T], path: Path, **more: Any) -> T:
    """Return what the TOML file `path` and `more` keys describe; missing, damaged or wrong, ConfigError."""
    try:
        value = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing") from None
    except (ValueError, RecursionError) as found:
        raise ConfigError(f"{path} is not valid TOML ({found}); it was truncated or altered") from None
    if clash := more.keys() & value.keys():
        raise ConfigError(f"{path}: {min(clash)} is not for the file to say")
    return decode(kind, value | more, str(path), ConfigError)


def decode_kind(kinds: Mapping[str, type[T]], value: Any, where: str, default: str) -> T:
    """Return what `value` describes, of the class that its key `kind`, or `default`, says."""
    kind = value.get("kind", default) if isinstance(value, dict) else default
    if not isinstance(kind, str) or kind not in kinds:
        raise ExportError(f"{where}: unknown kind {kind!r:.60}; known: {', '.join(kinds)}")
    return decode(kinds[kind], value, where)


def encode(value: Any) -> Any:
    """Return the JSON-able form of a dataclass, from which `decode` makes an equal one."""
    return _adapter(type(value)).dump_python(value, mode="json")


def encode_json(path: Path, value: T) -> T:
    """Replace the file `path` by the JSON of a dataclass, in one step, and return the dataclass."""
    write_json(path, encode(value))
    return value


@functools.cache
def _adapter(kind: type[Any]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _first(found: Any) -> str:
    """Return pydantic's first complaint as "network.layers[0].in_features: expected integer, got 'x'"."""
    errors = found.errors(include_url=False, include_context=False)
    first = errors[0]
    keys = [key for key in first["loc"] if not str(key).startswith(UNION)]
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
    kind = first["type"]
    if kind == "missing":
        parent, _, key = place.rpartition(".")
        said = f"missing key {key}"
        place = parent
    elif kind in ("unexpected_keyword_argument", "extra_forbidden"):
        parent, _, key = place.rpartition(".")
        said = f"unknown key {key}"
        place = parent
    else:
        shown = repr(first["input"])
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        expected = first["msg"].removeprefix("Input should be ").removeprefix("a valid ")
        said = f"expected {expected}, got {shown}"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place}: {said}{more}" if place else f"{said}{more}"
