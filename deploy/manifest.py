"""manifest.json: what a bundle holds, which board it is for, and the numbers of the policy's two host ends.

{"schema": 1, "name", "env", "board", "clock_mhz", "policy": its SHA-256, "files": {path: SHA-256},
"shell": shell.json, "host": {"observation_features", "features", "offset", "gain", "low", "high", "action"},
or {"frame", "channels_last", "low", "high", "action"} of a policy that sees a game's frames,
"transport": {"kind", "baud", "library"}, "golden": a path,
"bitstream": null or {"files", "clock_mhz", "resources", "seed", "tool"}}

"transport" is how the board is reached unless the driver is told otherwise: "pynq", "serial" or "simulated";
"baud" of its serial line and "library", the path of its simulated shell, are null where there is none.
"action" is {"kind": "tanh", "exponent", "low", "high"} or {"kind": "argmax", "exponent", "n_actions"}.
Paths are relative to the bundle.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ganglion.deploy.fields import Fields
from ganglion.deploy.host_ends import HostEnds, TanhAction
from ganglion.deploy.register_map import RegisterMap
from ganglion.models.build.errors import ExportError

SCHEMA = 1
MANIFEST_FILE = "manifest.json"
MAX_FILES = 1000
MAX_CLOCK_MHZ = 1000.0
_INT32 = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitstream:
    """The files of a bit file in the bundle, and how it was made."""

    files: tuple[str, ...]
    clock_mhz: float
    """What timing was met at."""
    resources: Mapping[str, int]
    seed: int | None
    tool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a board is reached: a transport's name, and what it needs to know."""

    kind: str
    baud: int | None
    library: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A bundle's manifest.json."""

    name: str
    env: str
    board: str
    clock_mhz: float
    policy: str
    files: Mapping[str, str]
    registers: RegisterMap
    host: HostEnds
    transport: Way
    golden: str
    bitstream: Bitstream | None


def read_manifest(path: Path) -> Manifest:
    """Return what manifest.json says; missing, damaged or wrong, ExportError in one line that names it."""
    fields = Fields(_read_object(path), str(path))
    fields.integer("schema", SCHEMA, SCHEMA)
    files = fields.object("files")
    manifest = Manifest(
        name=fields.text("name"),
        env=fields.text("env"),
        board=fields.text("board"),
        clock_mhz=fields.number("clock_mhz", 1, MAX_CLOCK_MHZ),
        policy=fields.sha256("policy"),
        files={_inside(name, files): files.sha256(name) for name in files},
        registers=RegisterMap.read(fields.object("shell")),
        host=HostEnds.read(fields.object("host")),
        transport=_read_way(fields.object("transport")),
        golden=fields.text("golden"),
        bitstream=_read_bitstream(fields),
    )
    fields.close()
    _check(manifest, str(path))
    return manifest


def _read_object(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ExportError(f"{path} is missing") from None
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{path} is not valid JSON ({error}); it was truncated or altered") from None


def _inside(name: str, files: Fields) -> str:
    path = PurePosixPath(name)
    if not name.isprintable() or path.is_absolute() or ".." in path.parts or str(path) in (".", ""):
        raise ExportError(f"{files.at(name)[:120]}: expected a path inside the bundle")
    return name


def _read_way(fields: Fields) -> Way:
    way = Way(
        kind=fields.text("kind"),
        baud=None if fields.any("baud") is None else fields.integer("baud", 1, _INT32),
        library=None if fields.any("library") is None else fields.text("library"),
    )
    fields.close()
    return way


def _read_bitstream(fields: Fields) -> Bitstream | None:
    if fields.any("bitstream") is None:
        return None
    inner = fields.object("bitstream")
    bitstream = Bitstream(
        files=inner.texts("files"),
        clock_mhz=inner.number("clock_mhz", 1, MAX_CLOCK_MHZ),
        resources=inner.names("resources", 0, _INT32),
        seed=None if inner.any("seed") is None else inner.integer("seed", 0, _INT32),
        tool=inner.text("tool"),
    )
    inner.close()
    return bitstream


def _check(manifest: Manifest, where: str) -> None:
    """Raise ExportError where two parts of a manifest disagree."""
    host, registers = manifest.host, manifest.registers
    observation, action, window = host.observation, host.action, registers.observation
    rules = (
        (
            observation.values == window.values,
            f"host: {observation.values} values, but shell takes {window.values}",
        ),
        (
            (host.low, host.high) == (window.low, window.high),
            f"host: values from {host.low} to {host.high}, but shell takes {window.low} to {window.high}",
        ),
        (
            registers.observation.type == "int",
            f"shell.observation: holds {registers.observation.type}, expected int",
        ),
        (
            registers.action.values == (1 if registers.action.type == "index" else action.values),
            f"host.action: reads {action.values} values, but shell gives {registers.action.values}",
        ),
        (
            registers.action.type in ("int", "float32" if isinstance(action, TanhAction) else "index"),
            f"host.action: shell answers with {registers.action.type}",
        ),
        (registers.policy_value == manifest.policy, "shell.policy: not the manifest's policy"),
        (manifest.golden in manifest.files, "golden: not among the files"),
        (
            manifest.transport.library is None or manifest.transport.library in manifest.files,
            "transport.library: not among the files",
        ),
        (
            manifest.bitstream is None or manifest.files.keys() >= set(manifest.bitstream.files),
            "bitstream.files: one is not among the files",
        ),
    )
    for is_kept, said in rules:
        if not is_kept:
            raise ExportError(f"{where}: {said}")
