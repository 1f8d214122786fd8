"""A .tar.gz that depends on nothing but the names and bytes in it."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from ganglion.models.build.files import atomic_path


def write_archive(path: Path, top: str, files: Mapping[str, bytes]) -> None:
    """Replace `path` by the archive of `files` (by path) below the folder `top`: sorted, undated, nobody's."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        # The name in gzip's header is that of the file it would be unpacked to: none.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as packed:
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                for name in sorted(files):
                    member = tarfile.TarInfo(f"{top}/{name}")
                    member.size = len(files[name])
                    member.mode = 0o644
                    tar.addfile(member, io.BytesIO(files[name]))
