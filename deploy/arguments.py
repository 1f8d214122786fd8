"""A board's commands: options from a dataclass of settings by the standard library, for there is no tyro.

They are spelled as `ganglion` spells them, --rate-hz for `rate_hz`; their help is the text under each field.
"""

import argparse
import ast
import inspect
import re
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from ganglion.models.build.errors import GanglionError
from ganglion.models.build.spelling import Caller, called_by

T = TypeVar("T")


def run_on_board(function: Callable[[T], object], kind: type[T], command: str) -> None:
    """Run the command ganglion.deploy.<command>; a GanglionError is one line and exit status 1."""
    with called_by(Caller.COMMAND):
        try:
            function(parse_arguments(kind, f"python3 -m ganglion.deploy.{command}"))
        except GanglionError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)


def parse_arguments(kind: type[T], prog: str, arguments: Sequence[str] | None = None) -> T:
    """Return the settings that the command line gives; a wrong one is told on stderr, and exits 2."""
    parser = argparse.ArgumentParser(prog=prog, description=inspect.getdoc(kind))
    helps, hints = _help(kind), typing.get_type_hints(kind)
    for each in fields(kind):  # pyright: ignore[reportArgumentType]
        option = f"--{each.name.replace('_', '-')}"
        default = None if each.default is MISSING else each.default
        text = helps.get(each.name, "") + ("" if default is None else f" (default: {default})")
        if hints[each.name] is bool:
            parser.add_argument(option, default=default, action=argparse.BooleanOptionalAction, help=text)
        else:
            parser.add_argument(
                option,
                default=default,
                type=_one_type(hints[each.name]),
                required=each.default is MISSING,
                help=text.replace("%", "%%"),
            )
    return kind(**vars(parser.parse_args(_joined(sys.argv[1:] if arguments is None else arguments))))


def _joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with -0.1,0.2 behind its option's "=": argparse takes it for an option itself."""
    joined: list[str] = []
    for each in arguments:
        if joined and joined[-1].startswith("--") and re.match(r"-[\d.]", each):
            joined[-1] += f"={each}"
        else:
            joined.append(each)
    return joined


def _one_type(hint: Any) -> Any:
    """Return the type in `type | None`."""
    if isinstance(hint, types.UnionType):
        return next(each for each in typing.get_args(hint) if each is not type(None))
    return hint


def _help(kind: type[Any]) -> dict[str, str]:
    """Return the text under each field of a class and of those that it inherits from."""
    found: dict[str, str] = {}
    for each in kind.__mro__[-2::-1]:
        body = ast.parse(textwrap.dedent(inspect.getsource(each))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                    found[name] = said
                case _:
                    pass
    return found
