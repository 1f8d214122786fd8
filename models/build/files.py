"""Files that a kill leaves whole: JSON, arrays, hashes."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ganglion.models.build.errors import ExportError, GanglionError, first_line

LOCK_FILE = ".lock"
"""By which a process holds the folder that it is in (ganglion.models.build.lock)."""
_HALF_WRITTEN = ".half-written."


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`: renamed over it when the block ends well, deleted when not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f"{_HALF_WRITTEN}{path.name}.", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_half_written(root: Path) -> None:
    """Delete what writers that were killed left anywhere under `root`; nobody else may be writing there.

    Left alone are folders within that hold a lock of their own, whoever has it.
    """
    for folder, inner, files in os.walk(root):
        inner[:] = [name for name in inner if not (Path(folder) / name / LOCK_FILE).exists()]
        for name in files:
            if name.startswith(_HALF_WRITTEN):
                (Path(folder) / name).unlink(missing_ok=True)


def atomic_write(path: Path, data: bytes | str) -> None:
    """Replace `path` by `data` (text as UTF-8) in one step."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace `path` by `value` as indented JSON, in one step; NaN and infinities raise ValueError."""
    atomic_write(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def merge_json(path: Path, section: Mapping[str, Any]) -> None:
    """Replace the keys of `section` in the JSON object in `path`, nested ones too; keep the others."""
    write_json(path, laid_over(read_json(path) if path.exists() else {}, section))


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of both, `above` winning key by key, in nested objects too."""
    return {**below} | {
        key: laid_over(old, value)
        if isinstance(old := below.get(key), dict) and isinstance(value, dict)
        else value
        for key, value in above.items()
    }


def read_json(path: Path, wrong: type[GanglionError] = ExportError) -> dict[str, Any]:
    """Return the JSON object in `path`; a missing, truncated or non-object file raises `wrong`."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise wrong(f"{path} is missing") from None
    except OSError as error:
        raise wrong(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise wrong(f"{path} is not valid JSON ({error}); it was truncated or altered") from None
    if not isinstance(value, dict):
        raise wrong(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Replace the .npz file `path` by these arrays, compressed, in one step."""
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file, never unpickling; a missing or damaged file raises ExportError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise ExportError(f"{path} is missing") from None
    except Exception as error:  # numpy, zipfile and zlib raise unrelated types for a damaged file
        raise ExportError(
            f"{path} is not a whole .npz file ({first_line(error)}); it was truncated or altered"
        ) from None


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal; a missing file raises ExportError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise ExportError(f"{path} is missing") from None
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from None


def check_hashes(folder: Path, hashes: Mapping[str, str]) -> None:
    """Raise ExportError, naming the file, unless every file of `folder` has the recorded SHA-256."""
    for name, expected in hashes.items():
        actual = sha256_file(folder / name)
        if actual != expected:
            raise ExportError(
                f"{folder / name}: hash mismatch: recorded {expected[:12]}, found {actual[:12]}; "
                "the file was truncated or altered, export the policy again"
            )


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON-able value, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
