"""Install a bundle on a board: unpack it beside the versions there, try it, and only then make it `current`.

`ganglion deploy` sends this file ahead of the bundle and runs it there: python3 - prepare|install, then the
arguments of that function. So it is one file and needs the standard library alone, and it runs on a Python as
old as 3.7, to say what is missing. What fails is one line on stderr and exit status 1.

<root>/<name>/versions/<id>/  a bundle, unpacked; <id> are digits of its archive's SHA-256
<root>/<name>/current         a link to the version that passed its self-test last
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

PYTHONS = ((3, 10), (3, 13))
MAX_BYTES = 256 << 20
MAX_FILES = 10_000
ID_DIGITS = 12
SELF_TEST = "ganglion.deploy.self_test"
SELF_TEST_S = 300
_CHUNK = 1 << 20


class InstallError(Exception):
    """A bundle cannot be installed; one line says why and what to do."""


def prepare(root: str, name: str, board: str) -> None:
    """Make <root>/<name>/versions, on a machine that has what a bundle for `board` needs."""
    check_python()
    check_board(board, os.environ.get("BOARD", ""))
    folder = Path(root) / name
    try:
        (folder / "versions").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InstallError(f"{folder}: {error.strerror}") from None
    if not os.access(str(folder), os.W_OK):
        raise InstallError(f"{folder} is not this user's to write into: sudo chown $USER {folder}")
    if shutil.disk_usage(str(folder)).free < MAX_BYTES:
        raise InstallError(f"{folder}: less than {MAX_BYTES >> 20} MiB are free")


def install(root: str, name: str, archive: str, sha256: str, keep: str) -> None:
    """Unpack the archive in <root>/<name>, run its self-test and make it `current`; delete the archive.

    The last `keep` versions stay. When anything fails, the version that was `current` still is.
    """
    folder = Path(root) / name
    try:
        with (folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InstallError(f"{folder}: another deployment is under way there") from None
            _install(folder, Path(archive), sha256, int(keep))
    finally:
        Path(archive).unlink()


def _install(folder: Path, archive: Path, sha256: str, keep: int) -> None:
    incoming = folder / "versions" / ".incoming"
    shutil.rmtree(str(incoming), ignore_errors=True)
    try:
        if hash_of(archive) != sha256:
            raise InstallError(f"{archive} arrived altered; deploy it again")
        extract(archive, incoming)
        check_files(incoming)
        self_test(incoming)
        version = folder / "versions" / sha256[:ID_DIGITS]
        if not is_whole(version):
            shutil.rmtree(str(version), ignore_errors=True)
            incoming.rename(version)
        os.utime(str(version))
        activate(folder, version)
    finally:
        shutil.rmtree(str(incoming), ignore_errors=True)
    prune(folder, keep)


def check_python() -> None:
    """Raise InstallError unless this Python is one that a bundle's modules run on, and has numpy."""
    low, high = PYTHONS
    if not low <= sys.version_info[:2] <= high:
        found, allowed = (".".join(map(str, version)) for version in (sys.version_info[:2], low))
        raise InstallError(f"python3 is {found}; {allowed} to {high[0]}.{high[1]} are needed")
    try:
        import numpy  # noqa: F401
    except ImportError:
        raise InstallError(
            f"{sys.executable} has no numpy; install it there: python3 -m pip install numpy"
        ) from None


def check_board(wanted: str, here: str) -> None:
    """Raise InstallError when `here`, what a PYNQ image calls its board ("" elsewhere), is another board."""
    ours, theirs = (re.sub("[^a-z0-9]", "", name.lower()) for name in (wanted, here))
    if theirs and not ours.startswith(theirs) and not theirs.startswith(ours):
        raise InstallError(f"this board is a {here}, the bundle is for {wanted}")


def extract(archive: Path, folder: Path, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> None:
    """Unpack a bundle's .tar.gz into the new folder `folder`, its one top folder stripped.

    InstallError for what could write elsewhere or fill the disk: absolute paths, "..", links, devices, sparse
    files, a file named twice, more than `max_files` members or `max_bytes` of all.
    """
    folder.mkdir(parents=True)
    seen: set[PurePosixPath] = set()
    try:
        with gzip.open(str(archive), "rb") as unpacked:
            limited: Any = _Limited(unpacked, max_bytes)
            with tarfile.open(fileobj=limited, mode="r|") as tar:
                for member in tar:
                    _extract(tar, member, folder, _checked(member, seen, max_files))
            while limited.read(_CHUNK):  # to the checksum, behind the end of the tar
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InstallError(f"{archive.name} is not a whole .tar.gz ({error})") from None
    except OSError as error:
        raise InstallError(f"{archive.name}: {error}") from None


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, path: PurePosixPath) -> None:
    content = tar.extractfile(member)
    if content is None:  # a folder
        return
    target = folder.joinpath(*path.parts[1:])
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        shutil.copyfileobj(content, file, _CHUNK)


class _Limited:
    """A stream of which no more than `size` bytes can be read, whatever a header promises."""

    def __init__(self, stream: gzip.GzipFile, size: int) -> None:
        self._stream = stream
        self._size = self._left = size

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise InstallError(f"the archive unpacks to more than {self._size >> 20} MiB")
        return data


def _checked(member: tarfile.TarInfo, seen: set[PurePosixPath], max_files: int) -> PurePosixPath:
    """Return the path of a member that may be unpacked; any other raises InstallError."""
    path, shown = PurePosixPath(member.name), ascii(member.name)[:80]
    if not member.name.isprintable() or path.is_absolute() or ".." in path.parts or "\\" in member.name:
        raise InstallError(f"the archive names {shown}, which is no path inside it")
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
        raise InstallError(f"the archive holds {shown}, which is neither a file nor a folder")
    if path in seen or len(seen) >= max_files:
        raise InstallError(f"the archive holds {shown} twice, or more than {max_files:,} files")
    if not member.isdir() and len(path.parts) < 2:
        raise InstallError(f"the archive holds {shown} outside its one folder")
    seen.add(path)
    return path


def check_files(folder: Path) -> None:
    """Raise InstallError unless the folder holds what its manifest.json says, each file with its SHA-256."""
    try:
        manifest: Any = json.loads((folder / "manifest.json").read_text())
        hashes = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InstallError(
            f"manifest.json of the bundle cannot be read ({type(error).__name__}: {error})"
        ) from None
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path != folder / "manifest.json"
    }
    if found != set(hashes):
        name = sorted(found ^ set(hashes))[0]
        raise InstallError(f"{name}: {'not in the manifest' if name in found else 'missing from the bundle'}")
    for name, expected in sorted(hashes.items()):
        if hash_of(folder / name) != expected:
            raise InstallError(f"{name} of the bundle is not the one in its manifest; make the bundle again")


def is_whole(version: Path) -> bool:
    """Return whether a version lies there as it was unpacked."""
    try:
        check_files(version)
    except InstallError:
        return False
    return True


def self_test(folder: Path) -> None:
    """Run the bundle's self-test, which prints what it measures; InstallError when it fails."""
    command = [sys.executable, "-m", SELF_TEST]
    sys.stdout.flush()
    try:
        done = subprocess.run(
            command, cwd=str(folder), stderr=subprocess.PIPE, text=True, timeout=SELF_TEST_S
        )
    except subprocess.TimeoutExpired:
        raise InstallError(f"the self-test did not end within {SELF_TEST_S} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise InstallError(f"self-test: {re.sub('^error: ', '', lines[-1])}")


def activate(folder: Path, version: Path) -> None:
    """Make `current` the version, in one step."""
    link = folder / ".current"
    if link.is_symlink():
        link.unlink()
    link.symlink_to(version.relative_to(folder))
    link.replace(folder / "current")


def prune(folder: Path, keep: int) -> None:
    """Delete all but the `keep` last versions; `current` stays."""
    current = (folder / "current").resolve()
    versions = sorted((folder / "versions").iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for version in versions[keep:]:
        if version != current:
            shutil.rmtree(str(version), ignore_errors=True)


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


def main(arguments: list[str]) -> None:
    """Run `prepare` or `install`; an InstallError is one line and exit status 1."""
    try:
        {"prepare": prepare, "install": install}[arguments[0]](*arguments[1:])
    except InstallError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
