"""`ganglion <command>`: every command of every room behind one front, which the Makefile calls too.

A room lists its commands in its module `commands`. A command is a function of one frozen dataclass of
settings, which says what can be asked for: types, defaults, and the help text under each field.
"""

import contextlib
import difflib
import importlib
import io
import logging
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

import tyro

from ganglion.models.build.errors import ConfigError, GanglionError
from ganglion.models.build.paths import BUILD
from ganglion.models.build.spelling import MAKE_VARIABLE, Caller, called_by, spelled

ROOMS = ("models", "training", "hw", "deploy")
LOG = "ganglion.log"
QUIET = "--quiet"
INTERRUPTED = 130
_STYLE = (tyro.conf.OmitArgPrefixes, tyro.conf.AvoidSubcommands, tyro.conf.EnumChoicesFromValues)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: `target` is "<module>:<function>", imported only when it is asked for."""

    name: str
    target: str
    help: str
    variables: Mapping[str, str] = field(default_factory=dict)
    """Makefile variables that are spelled unlike the setting that they give: {"ENV": "name"}."""

    @property
    def module(self) -> str:
        """The module that is imported for it."""
        return self.target.partition(":")[0]

    def function(self) -> Callable[[Any], None]:
        """Return what the command runs; ConfigError where its packages are not installed."""
        try:
            return getattr(importlib.import_module(self.module), self.target.partition(":")[2])
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("ganglion"):
                raise
            room = self.module.split(".")[1]
            raise ConfigError(
                f"{self.name} needs the package {error.name}, which is not installed; "
                f"install ganglion[{room}] (docs/installing.md)"
            ) from None


def commands() -> dict[str, Command]:
    """Return every room's commands by name, rooms in their order."""
    found: dict[str, Command] = {}
    for room in ROOMS:
        with contextlib.suppress(ModuleNotFoundError):
            for command in importlib.import_module(f"ganglion.{room}.commands").COMMANDS:
                found[command.name] = command
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for: exit 0, or 1 with one line on stderr, or 130 for Ctrl-C."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_make = os.environ.get(MAKE_VARIABLE) == Caller.MAKE.value
    with errors_in_one_line(), called_by(Caller.MAKE if is_make else Caller.COMMAND):
        quiet = QUIET in given or (is_make and bool(os.environ.get("QUIET")))
        given = [argument for argument in given if argument != QUIET]
        command = _command(given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what third parties say when they are imported
            with _mortal():
                function = command.function()
        kind = settings_type(function)
        if is_make:
            given += _from_make(command, kind)
        settings = _parsed(command, kind, given[1:])
        with _logged(getattr(settings, "build", BUILD), quiet):
            function(settings)


@contextlib.contextmanager
def _mortal() -> Iterator[None]:
    """Let Ctrl-C end the process at once: among what is imported some catch KeyboardInterrupt and go on."""
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _command(given: Sequence[str]) -> Command:
    known = commands()
    if not given or given[0] in ("-h", "--help"):
        print(_overview(known))
        sys.exit(0)
    if given[0] not in known:
        near = difflib.get_close_matches(given[0], known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"unknown command {given[0]!r}{hint} (ganglion --help lists them)")
    return known[given[0]]


def _overview(known: Mapping[str, Command]) -> str:
    width = max(map(len, known))
    lines = [f"  {command.name:{width}}  {command.help}" for command in known.values()]
    return "\n".join(
        [
            "usage: ganglion <command> [options]    (ganglion <command> --help lists a command's options)",
            "",
            *lines,
            "",
            f"  {QUIET} prints results and errors only; what third parties print is in build/{LOG}.",
        ]
    )


def settings_type(function: Callable[[Any], None]) -> type[Any]:
    """Return the dataclass of settings that a command's function takes."""
    hints = get_type_hints(function)
    hints.pop("return", None)
    return next(iter(hints.values()))


def _parsed(command: Command, kind: type[Any], given: Sequence[str]) -> Any:
    """Return the settings; a wrong command line raises ConfigError as the caller spells it."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return tyro.cli(
                kind,
                args=list(given),
                prog=f"ganglion {command.name}",
                description=f"{command.help[:1].upper()}{command.help[1:]}.",
                config=_STYLE,
            )
    except SystemExit as end:
        if not end.code:
            raise
        raise ConfigError(_in_one_line(printed.getvalue())) from None


def _in_one_line(box: str) -> str:
    """Return the first paragraph of the box that tyro prints, its options as the caller spells them."""
    lines = [line.strip("│ ").strip() for line in box.splitlines() if line.startswith("│")]
    said = lines[: next((i for i, line in enumerate(lines) if not line or line.startswith("─")), len(lines))]
    text = re.sub(r"^Error parsing ", "", " ".join(said) or "a setting is wrong")
    text = re.sub(
        r"no type matching (\{None\}\|)?(.*) could be .* from \[(.*?)\]\.?$", r"expected \2, got \3", text
    )
    return re.sub(
        r"--([a-z][a-z-]*)", lambda found: spelled(found.group(1).replace("-", "_")).rstrip("="), text
    )


def _from_make(command: Command, kind: type[Any]) -> list[str]:
    """Return options for the variables of make's command line, which reach us through the environment.

    So no shell ever reads them. A variable that the command has no setting for is refused.
    """
    settings = {field.name: field for field in fields(kind)}
    names = _make_variables(os.environ.get("MAKEFLAGS", "")) | set(os.environ.get("DEFAULTS", "").split())
    given: dict[str, list[str]] = {}
    for variable in sorted(names - {"QUIET"}):
        value = os.environ.get(variable, "")
        setting = command.variables.get(variable, variable.lower())
        if not value:
            continue
        if setting not in settings:
            known = ", ".join(sorted({_variable(command, name) for name in settings}))
            if variable in os.environ.get("DEFAULTS", "").split():
                continue
            raise ConfigError(f"{variable}={value}: {command.name} knows no such variable; known: {known}")
        given[setting] = _option(setting, value, settings[setting].type)
    return [
        option for name, each in settings.items() for option in given.get(name) or _required(command, each)
    ]


def _required(command: Command, setting: Field[Any]) -> tuple[str, ...]:
    """Return nothing for a setting that was not given; ConfigError when the command cannot be without it."""
    if setting.default is MISSING and setting.default_factory is MISSING:
        raise ConfigError(f"{_variable(command, setting.name)}= is missing; make {command.name} needs it")
    return ()


def _variable(command: Command, setting: str) -> str:
    return next((name for name, other in command.variables.items() if other == setting), setting.upper())


def _make_variables(flags: str) -> set[str]:
    """Return the names of the variables in MAKEFLAGS, where a space within a value is escaped."""
    return set(re.findall(r"(?<!\\)(?:^|\s)([A-Za-z_]\w*)=", flags))


def _option(setting: str, value: str, kind: Any) -> list[str]:
    text, flag = str(kind), f"--{setting.replace('_', '-')}"
    if "Positional" in text:
        return value.split() if "tuple[" in text else [value]
    if text in ("bool", "<class 'bool'>"):
        return [flag] if value not in ("0", "no", "false") else [f"--no-{flag[2:]}"]
    values = value.replace(",", " ").split() if "tuple[" in text else [value]
    return [flag, *values]


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    """End the process with one line and exit 1 for an error of ours or of the disk, with 130 for Ctrl-C."""
    try:
        yield
    except GanglionError as error:
        _fail(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename or 'disk'}: {error.strerror or error}; nothing was overwritten")
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from what is finished", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


@contextlib.contextmanager
def _logged(build: Path, quiet: bool) -> Iterator[None]:
    """Log to the console what we say, and to build/ganglion.log what third parties do too."""
    build.mkdir(parents=True, exist_ok=True)
    file = logging.FileHandler(build / LOG, mode="a")
    file.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s: %(message)s"))
    console = logging.StreamHandler(sys.stdout)
    console.setFormatter(logging.Formatter("%(message)s"))
    console.addFilter(logging.Filter("ganglion"))
    console.setLevel(logging.WARNING if quiet else logging.INFO)
    logging.basicConfig(level=logging.INFO, handlers=[file, console], force=True)
    logging.captureWarnings(True)
    logging.getLogger("command").info("ganglion %s", " ".join(sys.argv[1:]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
    finally:
        logging.captureWarnings(False)
        file.close()


if __name__ == "__main__":
    main()
