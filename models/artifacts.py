"""Where artefacts live, how a kill leaves the old one whole, and the named errors."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


class GanglionError(Exception):
    """The base of every error that a user can mend; the command line prints it as one line and exits 1."""


class ConfigError(GanglionError):
    """A setting, name or command-line value is unknown, missing or out of range."""


class ExportError(GanglionError):
    """A policy cannot be written as integers, or a policy folder is incomplete or altered."""


class TrainingError(GanglionError):
    """Training met a number that is not finite and cannot go on."""


class CompileError(GanglionError):
    """A policy cannot be turned into hardware as asked."""


class MismatchError(GanglionError):
    """Two links of the equality chain differ; the message names the first layer, index and values."""


class ToolError(GanglionError):
    """An external tool is missing, failed or did not answer in time."""


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage's `main`: a GanglionError or a failing disk becomes one line on stderr and exit 1."""
    try:
        main()
    except GanglionError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or 'disk'}: {error.strerror or error}; nothing was overwritten")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`: renamed over it when the block ends well, deleted when not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
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


def atomic_write(path: Path, data: bytes | str) -> None:
    """Replace `path` by `data` (text as UTF-8) in one step."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace `path` by `value` as indented JSON, in one step; NaN and infinities raise ValueError."""
    atomic_write(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def merge_json(path: Path, section: Mapping[str, Any]) -> None:
    """Replace the keys of `section` in the JSON object in `path`, nested ones too; keep the others."""
    write_json(path, _merged(read_json(path) if path.exists() else {}, section))


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    nested = {
        key: _merged(old[key], new[key]) for key in old.keys() & new.keys() if isinstance(old[key], dict)
    }
    return {**old, **new, **nested}


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`; a missing, truncated or non-object file raises ExportError."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ExportError(f"{path} is missing") from None
    except ValueError as error:
        raise ExportError(f"{path} is not valid JSON ({error}); it was truncated or altered") from None
    if not isinstance(value, dict):
        raise ExportError(f"{path}: expected a JSON object, got {type(value).__name__}")
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
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ExportError(f"{path} is not a whole .npz file ({error}); it was truncated or altered") from None


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal; a missing file raises ExportError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise ExportError(f"{path} is missing") from None


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


def git_commit() -> str:
    """Return the commit of the running code, "+changes" added when files differ; "unknown" without git."""
    command = [
        "git",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--abbrev=12",
        "--dirty=+changes",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


BUILD = Path("build")
BENCH = BUILD / "bench.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPaths:
    """Every path under build/<name>/: the files by which the stages are connected."""

    root: Path

    @classmethod
    def of(cls, name: str, base: Path = BUILD) -> "BuildPaths":
        """Return the paths of the build named `name` (an environment, or a policy folder's name)."""
        return cls(root=base / name)

    @property
    def train(self) -> Path:
        """Training runs, one folder each."""
        return self.root / "train"

    @property
    def policy(self) -> Path:
        """The policy folder being built: policy.onnx, policy.json, golden.npz, weights.npz."""
        return self.root / "policy"

    @property
    def rtl(self) -> Path:
        """SystemVerilog and Verilog of the accelerator, flat."""
        return self.root / "rtl"

    @property
    def mem(self) -> Path:
        """Memory initialisation files read by the RTL."""
        return self.root / "mem"

    @property
    def hw(self) -> Path:
        """hw.json: what compile produced, read by simulate, synth and bitstream."""
        return self.root / "hw.json"

    @property
    def sim(self) -> Path:
        """sim.json: written only when the RTL equals golden in every integer."""
        return self.root / "sim.json"

    @property
    def closed_loop(self) -> Path:
        """closed_loop.json: written only when episodes through the RTL equal PyTorch's step by step."""
        return self.root / "closed_loop.json"

    @property
    def synth(self) -> Path:
        """synth.json: resources by synthesis."""
        return self.root / "synth.json"

    @property
    def bitstream(self) -> Path:
        """bitstream.json: done, or skipped with the reason."""
        return self.root / "bitstream.json"

    @property
    def report(self) -> Path:
        """report.json: everything above in one file."""
        return self.root / "report.json"

    @property
    def work(self) -> Path:
        """Scratch of the tools (FINN, Verilator, yosys); may be deleted at any time."""
        return self.root / "work"
