"""JSON values with one thing wrong, at every place: what each reader of a file must word in one line."""

import json
from collections.abc import Iterator
from typing import Any

GONE = object()
"""In place of a value: its key or element is missing."""

NESTED = "nested"
"""In place of a value: `json_text` writes lists nested deeper than any parser follows."""

WRONG: tuple[Any, ...] = (
    *(None, True, "", "x", "x\0y"),
    *(-1, 0, 0.5, 2**31, 10**400, -(10**400), 1e308, float("nan"), float("inf")),
    *([], {}, {"a": 1}, [[[{}]]]),
)

Place = tuple[str | int, ...]


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Yield the place of every key, and of every list's first two elements, at any depth."""
    items = (
        value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    )
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(value: Any, place: Place, new: Any) -> Any:
    """Return a copy of a JSON value with `new` at a place, or nothing there where `new` is GONE."""
    copy = json.loads(json.dumps(value))
    *above, last = place
    inner = copy
    for key in above:
        inner = inner[key]
    if new is GONE:
        del inner[last]
    else:
        inner[last] = new
    return copy


def damages(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (what was done, the damaged copy) for each wrong value at each place, and for each key more."""
    for place in ((), *places(value)):
        for new in (*WRONG, GONE) if place else ():
            yield f"{place}: {'gone' if new is GONE else repr(new)[:20]}", changed(value, place, new)
        inner = value
        for key in place:
            inner = inner[key]
        if isinstance(inner, dict):
            yield f"{place}: a key more", changed(value, (*place, "unheard-of"), 1)


def json_text(value: Any) -> str:
    """Return a damaged value as JSON."""
    return json.dumps(value).replace(f'"{NESTED}"', "[" * 3000 + "]" * 3000)
