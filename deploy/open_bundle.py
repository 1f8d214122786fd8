"""A bundle opened for use: its manifest, and the files beside it once they are what the manifest says."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ganglion.deploy.install import InstallError, extract, hash_of
from ganglion.deploy.manifest import MANIFEST_FILE, Manifest, read_manifest
from ganglion.models.build.errors import ExportError


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle's folder."""

    folder: Path
    manifest: Manifest


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """Yield the bundle in a folder, or in a .tar.gz, which is unpacked for as long as the block runs.

    What is no bundle, and a file of it that is missing or altered, raises ExportError.
    """
    if path.is_dir():
        yield _checked(path)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundle"
        try:
            extract(path, folder)
        except InstallError as error:
            raise ExportError(f"{path}: {error}; expected a bundle, a folder or .tar.gz") from None
        yield _checked(folder)


def _checked(folder: Path) -> Bundle:
    manifest = read_manifest(folder / MANIFEST_FILE)
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            found = hash_of(path)
        except OSError as error:
            raise ExportError(f"{path}: {error.strerror}") from None
        if found != expected:
            raise ExportError(f"{path} is not the file in {MANIFEST_FILE}; deploy the bundle again")
    return Bundle(folder=folder, manifest=manifest)
