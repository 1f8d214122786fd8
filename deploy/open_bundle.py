"""A bundle opened for use: its manifest, and the files beside it once they are what the manifest says."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ganglion.deploy.manifest import MANIFEST_FILE, Manifest, read_manifest
from ganglion.models.build.errors import ExportError

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle's folder."""

    folder: Path
    manifest: Manifest


def open_bundle(folder: Path) -> Bundle:
    """Return the bundle in a folder; a missing or altered file of it raises ExportError."""
    if not folder.is_dir():
        raise ExportError(f"{folder} is not a folder; expected a bundle, with {MANIFEST_FILE}")
    manifest = read_manifest(folder / MANIFEST_FILE)
    for name, expected in manifest.files.items():
        if _sha256(folder / name) != expected:
            raise ExportError(f"{folder / name} is not the file in {MANIFEST_FILE}; deploy the bundle again")
    return Bundle(folder=folder, manifest=manifest)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from None
    return digest.hexdigest()
