"""The strict reading of a JSON object with the standard library alone: a board has no pydantic.

Types are not converted (true is no number), numbers are finite, missing and unknown keys are errors. A wrong
value is one line of ExportError: the place, what was expected, what was found.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ganglion.models.build.errors import ExportError

MAX_TEXT = 200
MAX_ITEMS = 1 << 16


class Fields:
    """A JSON object, of which each key is asked for by its type; `close` rejects those never asked for."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ExportError(f"{where}: expected an object, got {shown(value)}")
        self._values: dict[str, Any] = value
        self._where = where
        self._asked: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def at(self, key: str) -> str:
        """Return how an error names the place of a key."""
        return f"{self._where}: {key}" if self._where.endswith(".json") else f"{self._where}.{key}"

    def any(self, key: str) -> Any:
        """Return the value of a key, of whatever type."""
        self._asked.add(key)
        if key not in self._values:
            raise ExportError(f"{self._where}: missing key {key}")
        return self._values[key]

    def object(self, key: str) -> "Fields":
        """Return a key's object."""
        return Fields(self.any(key), self.at(key))

    def text(self, key: str) -> str:
        """Return a key's text, of 1 to 200 printable characters."""
        value = self.any(key)
        if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT or not value.isprintable():
            raise ExportError(f"{self.at(key)}: expected 1 to {MAX_TEXT} characters, got {shown(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a key's list of texts."""
        for place, value in (items := self._items(key)):
            if not isinstance(value, str):
                raise ExportError(f"{place}: expected a text, got {shown(value)}")
        return tuple(value for _, value in items)

    def sha256(self, key: str) -> str:
        """Return a key's SHA-256: 64 lower-case hexadecimal digits."""
        value = self.any(key)
        if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
            raise ExportError(f"{self.at(key)}: expected a SHA-256 in hexadecimal, got {shown(value)}")
        return value

    def flag(self, key: str) -> bool:
        """Return a key's true or false."""
        value = self.any(key)
        if not isinstance(value, bool):
            raise ExportError(f"{self.at(key)}: expected true or false, got {shown(value)}")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        """Return a key's integer from `low` to `high`."""
        return _integer(self.any(key), self.at(key), low, high)

    def number(self, key: str, low: float, high: float) -> float:
        """Return a key's number from `low` to `high`."""
        return _number(self.any(key), self.at(key), low, high)

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """Return a key's list of integers from `low` to `high`."""
        return tuple(_integer(value, place, low, high) for place, value in self._items(key))

    def numbers(self, key: str, low: float, high: float) -> tuple[float, ...]:
        """Return a key's list of numbers from `low` to `high`."""
        return tuple(_number(value, place, low, high) for place, value in self._items(key))

    def names(self, key: str, low: int, high: int, required: Sequence[str] = ()) -> dict[str, int]:
        """Return a key's object of names, `required` ones among them, each with an integer."""
        inner = self.object(key)
        return {name: inner.integer(name, low, high) for name in dict.fromkeys([*required, *inner])}

    def _items(self, key: str) -> list[tuple[str, Any]]:
        value = self.any(key)
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_ITEMS:
            raise ExportError(f"{self.at(key)}: expected a list of 1 to {MAX_ITEMS}, got {shown(value)}")
        return [(f"{self.at(key)}[{index}]", each) for index, each in enumerate(value)]

    def close(self) -> None:
        """Raise ExportError if there is a key that nobody asked for."""
        if unknown := sorted(self._values.keys() - self._asked):
            raise ExportError(f"{self._where}: unknown key {unknown[0]:.60}")


def shown(value: Any) -> str:
    """Return a value of JSON as an error shows it."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return "an integer beyond 64 bits"
    return "null" if value is None else f"{value!r:.60}"


def _integer(value: Any, where: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ExportError(f"{where}: expected an integer from {low} to {high}, got {shown(value)}")
    return value


def _number(value: Any, where: str, low: float, high: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not math.isfinite(value)) or not low <= value <= high:
        raise ExportError(f"{where}: expected a number from {low:g} to {high:g}, got {shown(value)}")
    return float(value)
