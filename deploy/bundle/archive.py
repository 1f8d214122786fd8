"""A .tar.gz that depends on nothing but the names and bytes in it."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from ganglion.models.build.files import atomic_write


def write_archive(path: Path, top: str, files: Mapping[str, bytes]) -> None:
    """Replace `path` by an archive of `files`, by path below the folder `top`: sorted, undated, nobody's."""
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(files[name])
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(files[name]))
    atomic_write(path, gzip.compress(unpacked.getvalue(), mtime=0))
