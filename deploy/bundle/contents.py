"""What is in a bundle: every file by its path there, and the manifest that names them."""

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ganglion.deploy.bundle.artefacts import Artefacts, Bitstream
from ganglion.deploy.bundle.documents import notebook, readme
from ganglion.deploy.bundle.golden import arrival, board_golden
from ganglion.deploy.manifest import MANIFEST_FILE, SCHEMA
from ganglion.models.build.closure import code_files
from ganglion.models.build.codec import encode
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_arrays
from ganglion.models.formats.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE, read_description
from ganglion.models.spec.policy import PolicySpec

GOLDEN, NOTEBOOK, README = "golden.npz", "self_test.ipynb", "README.md"
ENTRIES = ("ganglion.deploy.self_test", "ganglion.deploy.control.__main__")
"""The modules that a board runs; those that they reach go with them."""


def bundle_files(artefacts: Artefacts) -> dict[str, bytes]:
    """Return the content of every file of a bundle by its path in it."""
    paths = artefacts.paths
    spec = read_description(paths.policy)
    golden = board_golden(spec, read_arrays(paths.policy / GOLDEN_FILE), artefacts.channels)
    files = {f"policy/{name}": (paths.policy / name).read_bytes() for name in (JSON_FILE, ONNX_FILE)}
    files |= {f"bitstream/{file.name}": file.read_bytes() for file in artefacts.bit_files}
    if artefacts.bitstream is None:
        files[_library(artefacts)] = artefacts.paths.shell_library.read_bytes()
    files |= board_modules()
    files[GOLDEN] = _npz(golden)
    facts = {
        "name": paths.root.name,
        "policy": spec.name,
        "env": spec.env,
        "board": artefacts.board.name,
        "n_golden": len(golden["input"]),
        "clock_mhz": f"{artefacts.board.clock_mhz:g}",
        "accelerator": _accelerator(artefacts),
    }
    files[README] = readme(facts).encode()
    files[NOTEBOOK] = notebook(facts).encode()
    manifest = _manifest(artefacts, spec, files)
    files[MANIFEST_FILE] = (json.dumps(manifest, indent=1, allow_nan=False) + "\n").encode()
    return files


def board_modules() -> dict[str, bytes]:
    """Return the modules of the package ganglion that a board needs, by path."""
    files: dict[str, bytes] = {}
    for entry in ENTRIES:
        for module, path in code_files(entry).items():
            if path.suffix == ".py":
                stem = module.removesuffix(".py").replace(".", "/")
                name = f"{stem}/__init__.py" if path.name == "__init__.py" else f"{stem}.py"
                files[name] = path.read_bytes()
    return files


def _manifest(artefacts: Artefacts, spec: PolicySpec, files: Mapping[str, bytes]) -> dict[str, Any]:
    bitstream = artefacts.bitstream
    kind = "simulated" if bitstream is None else "pynq" if bitstream.baud is None else "serial"
    return {
        "schema": SCHEMA,
        "name": artefacts.paths.root.name,
        "env": spec.env,
        "board": artefacts.board.name,
        "clock_mhz": artefacts.board.clock_mhz,
        "policy": artefacts.shell["policy"],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
        "shell": artefacts.shell,
        "host": host_ends(spec, artefacts.channels),
        "transport": {
            "kind": kind,
            "baud": bitstream.baud if bitstream else None,
            "library": _library(artefacts) if bitstream is None else None,
        },
        "golden": GOLDEN,
        "bitstream": None if bitstream is None else _bitstream(artefacts, bitstream),
    }


def host_ends(spec: PolicySpec, channels: int = 1) -> dict[str, Any]:
    """Return what the host does before and behind the accelerator; of stacked frames it sends the newest.

    channels: of a map that the accelerator reads with channels last.
    """
    kind = spec.network.input_type
    if spec.frame is not None:
        observation = {"frame": list(spec.frame), "channels_last": channels > 1}
    else:
        order = arrival(len(spec.normalizer.features), channels)
        observation = {"observation_features": spec.observation_features} | {
            name: [values[index] for index in order] for name, values in encode(spec.normalizer).items()
        }
    return {**observation, "low": kind.low, "high": kind.high, "action": encode(spec.action)}


def _bitstream(artefacts: Artefacts, bitstream: Bitstream) -> dict[str, Any]:
    if bitstream.met_mhz is None or not bitstream.files:
        raise ExportError(f"{artefacts.paths.bitstream}: done, but without files or the clock that was met")
    return {
        "files": [f"bitstream/{file.name}" for file in artefacts.bit_files],
        "clock_mhz": bitstream.met_mhz,
        "resources": bitstream.resources,
        "seed": bitstream.seed,
        "tool": _tool(bitstream),
    }


def _tool(bitstream: Bitstream) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(bitstream.tools.items()))
    return f"{bitstream.flow}: {versions}"[:200]


def _accelerator(artefacts: Artefacts) -> str:
    """Return what stands for the accelerator, as the README says it."""
    if artefacts.bitstream is None:
        return f"**simulated**: there is no bit file in this bundle; {artefacts.reason}"
    made = artefacts.bitstream
    names = ", ".join(f"`bitstream/{file.name}`" for file in artefacts.bit_files)
    return f"{names}, by {_tool(made)}; timing met at {made.met_mhz:g} MHz"


def _library(artefacts: Artefacts) -> str:
    return f"simulated/{artefacts.paths.shell_library.name}"


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return an .npz file; numpy dates its members 1980."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()
