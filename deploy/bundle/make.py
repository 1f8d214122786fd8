"""Stage: a bundle of a build's policy for its board, packed and unpacked, in build/<name>/bundle/."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ganglion.deploy.bundle.archive import write_archive
from ganglion.deploy.bundle.artefacts import Artefacts, read_artefacts
from ganglion.deploy.bundle.contents import ENTRIES, bundle_files
from ganglion.models.build.closure import code_hash
from ganglion.models.build.files import atomic_write
from ganglion.models.build.lock import locked
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.stage import Stage


@dataclass(frozen=True, kw_only=True)
class BundleSettings(BuildSettings):
    """A build, and what its bundle is for."""

    board: str | None = None
    """The board that the build must be for; whichever it is for if not given."""
    simulated: bool = False
    """Bundle the simulated accelerator even where there is a bit file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle as it was made: `archive`, and `folder`, which is the same unpacked."""

    archive: Path
    artefacts: Artefacts

    @property
    def folder(self) -> Path:
        """The unpacked bundle."""
        return self.archive.with_name(self.archive.name.removesuffix(".tar.gz"))

    def __str__(self) -> str:
        """Return one line for people."""
        size = f"{self.archive} ({self.archive.stat().st_size:,} bytes)"
        if self.artefacts.bitstream is None:
            return f"{size}, simulated: no bit file ({self.artefacts.reason})"
        return f"{size} with {', '.join(file.name for file in self.artefacts.bit_files)}"


def make_bundle(settings: BundleSettings) -> Bundle:
    """Return the bundle of a build, made again only when what it is made from changed."""
    paths = settings.paths
    with locked(paths.existing()):
        artefacts = read_artefacts(paths, settings.board, settings.simulated)
        bundle = Bundle(archive=paths.bundle / f"{_stem(artefacts)}.tar.gz", artefacts=artefacts)
        code = {module: code_hash(module) for module in (__name__, *ENTRIES)}
        inputs = artefacts.inputs | code | {"reason": artefacts.reason}
        stage = Stage(root=paths.root, name="bundle", inputs=inputs)
        stage.refresh([paths.bundle], lambda: _write(bundle))
        return bundle


def _stem(artefacts: Artefacts) -> str:
    board = re.sub(r"[^A-Za-z0-9_.+-]+", "-", artefacts.board.name)
    suffix = "-simulated" if artefacts.bitstream is None else ""
    return f"{artefacts.paths.root.name}-{board}{suffix}"


def _write(bundle: Bundle) -> Bundle:
    files = bundle_files(bundle.artefacts)
    shutil.rmtree(bundle.folder.parent, ignore_errors=True)
    for name, data in files.items():
        atomic_write(bundle.folder / name, data)
    write_archive(bundle.archive, bundle.folder.name, files)
    return bundle


def run(settings: BundleSettings) -> None:
    """Make a build's bundle, unless it is up to date."""
    make_bundle(settings)
