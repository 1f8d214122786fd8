"""What code a stage runs: the import closure of its module, and the data files of the packages it reaches."""

import ast
import functools
import importlib.util
from pathlib import Path

from ganglion.models.build.files import digest, sha256_file

ROOT = "ganglion"
_DATA = {".sv", ".v", ".cpp", ".h", ".toml", ".tcl", ".ys"}
"""Suffixes of files beside the code that decide what it makes."""


def code_hash(module: str) -> str:
    """Return one SHA-256 over every file that `module` can reach: a change in any makes its results stale."""
    return digest([[name, sha256_file(path)] for name, path in sorted(code_files(module).items())])


@functools.cache
def code_files(module: str) -> dict[str, Path]:
    """Return the files of the import closure of a module of ours, by "<package>/<file>".

    Imports inside functions count. A package's data are the files in its folder and in those below it that
    are no packages; every file of them belongs to whoever reaches a module that lies in the package itself.
    """
    files: dict[str, Path] = {}
    waiting, seen = [module], set()
    while waiting:
        name = waiting.pop()
        if name in seen or (path := _source(name)) is None:
            continue
        seen.add(name)
        files[f"{name}.py"] = path
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for data in _data_files(path.parent):
            files[f"{package}/{data.relative_to(path.parent)}"] = data
        waiting += [name.rpartition(".")[0], *_imports(path)]
    return files


def _source(name: str) -> Path | None:
    """Return the file of a module; None for a namespace, or a name that is no module.

    Found by its path: importlib would import the packages above it, and FINN with them.
    """
    _, *parts = name.split(".")
    if not parts or (room := _room(parts[0])) is None:
        return None
    path = room.joinpath(*parts[1:])
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


@functools.cache
def _room(name: str) -> Path | None:
    spec = importlib.util.find_spec(f"{ROOT}.{name}")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


@functools.cache
def _imports(path: Path) -> frozenset[str]:
    """Return every module of ours that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # A name that is imported may be a module itself.
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found.update(name for name in names if name.partition(".")[0] == ROOT)
    return frozenset(found)


@functools.cache
def _data_files(folder: Path) -> tuple[Path, ...]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            is_code = (path / "__init__.py").exists() or path.name.startswith(("__", "."))
            found += () if is_code else _data_files(path)
        elif path.suffix in _DATA:
            found.append(path)
    return tuple(found)
