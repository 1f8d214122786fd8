"""How a caller spells a setting or a command, so that a message names it as it was typed.

The library says `spelled("lanes", 16)`; who typed `make hw LANES=16` reads LANES=16, who typed
`ganglion hw --lanes 16` reads --lanes 16, and who called the function reads lanes=16.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

MAKE_VARIABLE = "GANGLION_CALLER"
"""The environment variable by which the Makefile says that it is the caller."""


class Caller(Enum):
    """Who asks."""

    LIBRARY = "library"
    COMMAND = "command"
    MAKE = "make"


_caller = Caller.LIBRARY


@contextmanager
def called_by(caller: Caller) -> Iterator[None]:
    """Spell everything as `caller` does while the block runs: what a front end says first."""
    global _caller
    before, _caller = _caller, caller
    try:
        yield
    finally:
        _caller = before


def spelled(setting: str, value: Any = None) -> str:
    """Return a setting (and its value, unless None) in the caller's spelling."""
    if _caller is Caller.MAKE:
        return setting.upper() + ("=" if value is None else f"={value}")
    if _caller is Caller.COMMAND:
        return f"--{setting.replace('_', '-')}" + ("" if value is None else f" {value}")
    return setting + ("" if value is None else f"={value}")


def spelled_command(command: str, *names: str) -> str:
    """Return how the caller would run a command for these names: `ganglion compile Hopper`."""
    prefix = ".venv/bin/" if _caller is Caller.MAKE else ""
    return " ".join([f"{prefix}ganglion {command}", *names])
