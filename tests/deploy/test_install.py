"""What arrives on a board is unpacked only if it can do no harm, and becomes current only if it works."""

import fcntl
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ganglion.deploy import install
from ganglion.deploy.bundle.archive import write_archive
from ganglion.deploy.install import InstallError, check_board, check_files, extract, prune

PASSES = b"print('passes')"
FAILS = b"import sys; sys.exit('error: the board holds another policy')"


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def write_tar(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info in members:
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    return path


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (member("/etc/passwd"), "names '/etc/passwd', which is no path inside it"),
        (member("a/../../b"), "names 'a/../../b', which is no path inside it"),
        (member("a/b\\..\\c"), "which is no path inside it"),
        (member("a/b\nc"), "which is no path inside it"),
        (member("a/b", tarfile.SYMTYPE, link="/etc"), "'a/b', which is neither a file nor a folder"),
        (member("a/b", tarfile.LNKTYPE, link="a/c"), "neither a file nor a folder"),
        (member("a/b", tarfile.FIFOTYPE), "neither a file nor a folder"),
        (member("a/b", tarfile.CHRTYPE), "neither a file nor a folder"),
        (member("a/b", tarfile.BLKTYPE), "neither a file nor a folder"),
        (member("b"), "'b' outside its one folder"),
    ],
    ids=lambda value: value.name if isinstance(value, tarfile.TarInfo) else "",
)
def test_a_member_that_could_do_harm_is_refused(wrong: tarfile.TarInfo, message: str, tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "x.tar.gz", member("a/first"), wrong)
    with pytest.raises(InstallError) as refused:
        extract(archive, tmp_path / "out")
    assert message in str(refused.value)
    assert {path.name for path in tmp_path.rglob("*")} <= {"x.tar.gz", "out", "first"}


def test_a_file_named_twice_is_refused(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "x.tar.gz", member("a/b"), member("a/./b"))
    with pytest.raises(InstallError, match="'a/./b' twice"):
        extract(archive, tmp_path / "out")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "x.tar.gz", member("a/b"), member("a/b/c"))
    with pytest.raises(InstallError, match=r"x.tar.gz: "):
        extract(archive, tmp_path / "out")


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "x.tar.gz", member("a/zeros", size=3 << 20))
    assert archive.stat().st_size < 10_000
    with pytest.raises(InstallError, match="unpacks to more than 1 MiB"):
        extract(archive, tmp_path / "out", max_bytes=1 << 20)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*")) <= 1 << 20


def test_a_header_that_promises_gigabytes_costs_no_memory(tmp_path: Path) -> None:
    huge = member("a/pax", tarfile.XHDTYPE)
    huge.size = 1 << 40
    (tmp_path / "x.tar").write_bytes(huge.tobuf(tarfile.USTAR_FORMAT | 1) + bytes(1 << 21))
    subprocess.run(["gzip", str(tmp_path / "x.tar")], check=True)
    with pytest.raises(InstallError, match="unpacks to more than 1 MiB|not a whole"):
        extract(tmp_path / "x.tar.gz", tmp_path / "out", max_bytes=1 << 20)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "x.tar.gz", *(member(f"a/{index}") for index in range(12)))
    with pytest.raises(InstallError, match="more than 10 files"):
        extract(archive, tmp_path / "out", max_files=10)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_truncated_archive_is_one_line(keep: int, tmp_path: Path) -> None:
    write_archive(tmp_path / "x.tar.gz", "a", {"b": os.urandom(4000)})
    data = (tmp_path / "x.tar.gz").read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(data[:keep])
    with pytest.raises(InstallError, match=r"x.tar.gz is not a whole .tar.gz|x.tar.gz: "):
        extract(tmp_path / "x.tar.gz", tmp_path / "out")


def test_a_file_that_is_not_the_manifests_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    write(folder, b"x")
    check_files(folder)
    (folder / "ganglion/deploy/__pycache__").mkdir()
    (folder / "ganglion/deploy/__pycache__/self_test.pyc").write_text("")
    check_files(folder)
    for change, message in (
        (lambda: (folder / "more").write_text(""), "more: not in the manifest"),
        (
            lambda: (folder / "more").unlink() or (folder / "ganglion/__init__.py").unlink(),
            "missing from the bundle",
        ),
        (
            lambda: (folder / "ganglion/__init__.py").write_text("x"),
            "__init__.py of the bundle is not the one",
        ),
        (lambda: (folder / "manifest.json").write_text("{"), "manifest.json of the bundle cannot be read"),
        (lambda: (folder / "manifest.json").write_text("[]"), "manifest.json of the bundle cannot be read"),
    ):
        change()
        with pytest.raises(InstallError, match=message):
            check_files(folder)


@pytest.mark.parametrize(
    ("wanted", "here"),
    [
        ("Pynq-Z2", "Pynq-Z2"),
        ("Pynq-Z2", "PYNQ-Z2"),
        ("Ultra96-V2", "Ultra96"),
        ("KV260_SOM", "KV260"),
        ("ULX3S", ""),
    ],
)
def test_the_same_board_may_be_spelled_otherwise(wanted: str, here: str) -> None:
    check_board(wanted, here)


def test_another_board_is_refused() -> None:
    with pytest.raises(InstallError, match="this board is a Pynq-Z1, the bundle is for Pynq-Z2"):
        check_board("Pynq-Z2", "Pynq-Z1")


def write(folder: Path, self_test: bytes) -> dict[str, bytes]:
    """Write a bundle with this self-test, and return its files."""
    package = {f"ganglion/{name}": b"" for name in ("__init__.py", "deploy/__init__.py")}
    files = package | {"ganglion/deploy/self_test.py": self_test}
    hashes = ", ".join(f'"{name}": "{hashlib.sha256(data).hexdigest()}"' for name, data in files.items())
    files["manifest.json"] = f'{{"files": {{{hashes}}}}}'.encode()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return files


@pytest.fixture
def deploy(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that installs a bundle with a self-test and returns what is current then."""
    install.prepare(str(tmp_path), "toy", "Pynq-Z2")

    def call(self_test: bytes, keep: int = 3) -> Path:
        archive = tmp_path / "toy/arrived.tar.gz"
        write_archive(archive, "toy-Pynq-Z2", write(tmp_path / "made", self_test))
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        install.install(str(tmp_path), "toy", str(archive), sha256, str(keep))
        assert not archive.exists()
        return (tmp_path / "toy/current").resolve()

    return call


def test_a_version_that_passes_becomes_current(deploy: Callable[..., Path], tmp_path: Path) -> None:
    first = deploy(PASSES)
    second = deploy(PASSES + b"\n")
    assert first.is_dir() and second.is_dir() and first != second
    assert (tmp_path / "toy/current").readlink() == Path("versions", second.name)
    assert {path.name for path in (tmp_path / "toy").iterdir()} == {"versions", "current", ".lock"}


def test_a_version_that_fails_its_self_test_leaves_the_old_one(
    deploy: Callable[..., Path], tmp_path: Path
) -> None:
    first = deploy(PASSES)
    with pytest.raises(InstallError, match="self-test: the board holds another policy"):
        deploy(FAILS)
    assert (tmp_path / "toy/current").resolve() == first
    assert [path.name for path in (tmp_path / "toy/versions").iterdir()] == [first.name]


def test_the_last_versions_stay_and_the_current_one_always(
    deploy: Callable[..., Path], tmp_path: Path
) -> None:
    made = []
    for index in range(5):
        made.append(deploy(PASSES + b"#" * index, keep=2))
        time.sleep(0.02)
    assert {path.name for path in (tmp_path / "toy/versions").iterdir()} == {made[3].name, made[4].name}
    assert deploy(PASSES + b"#" * 3, keep=1) == made[3]
    assert [path.name for path in (tmp_path / "toy/versions").iterdir()] == [made[3].name]
    prune(tmp_path / "toy", keep=0)
    assert made[3].is_dir()


def test_a_version_that_was_damaged_there_is_mended(deploy: Callable[..., Path]) -> None:
    (deploy(PASSES) / "ganglion/deploy/self_test.py").write_text("damaged")
    assert (deploy(PASSES) / "ganglion/deploy/self_test.py").read_bytes() == PASSES


def test_an_archive_that_arrives_altered_is_refused(tmp_path: Path) -> None:
    install.prepare(str(tmp_path), "toy", "Pynq-Z2")
    write_archive(tmp_path / "x.tar.gz", "toy", write(tmp_path / "made", PASSES))
    with pytest.raises(InstallError, match="x.tar.gz arrived altered; deploy it again"):
        install.install(str(tmp_path), "toy", str(tmp_path / "x.tar.gz"), "0" * 64, "3")


def test_a_bundle_that_is_not_its_manifests_is_refused(tmp_path: Path) -> None:
    install.prepare(str(tmp_path), "toy", "Pynq-Z2")
    files = write(tmp_path / "made", PASSES) | {"ganglion/deploy/self_test.py": FAILS}
    write_archive(tmp_path / "x.tar.gz", "toy", files)
    sha256 = hashlib.sha256((tmp_path / "x.tar.gz").read_bytes()).hexdigest()
    with pytest.raises(InstallError, match="self_test.py of the bundle is not the one in its manifest"):
        install.install(str(tmp_path), "toy", str(tmp_path / "x.tar.gz"), sha256, "3")


def test_two_deployments_at_once_are_one(deploy: Callable[..., Path], tmp_path: Path) -> None:
    with (tmp_path / "toy/.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InstallError, match="another deployment is under way there"):
            deploy(PASSES)


@pytest.mark.parametrize("version", ["3.7", "3.8", "3.9"])
def test_an_old_python_is_told_what_is_needed(version: str) -> None:
    """Where such a Python is installed by pyenv."""
    found = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"Python {version} is not installed under ~/.pyenv/versions")
    script = Path(install.__file__).read_bytes()
    done = subprocess.run([found[0], "-", "prepare", "x", "y", "z"], input=script, capture_output=True)
    assert done.returncode == 1
    assert done.stderr.decode() == f"error: python3 is {version}; 3.10 to 3.13 are needed\n"


def test_a_python_without_numpy_is_told_so(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-", "prepare", str(tmp_path), "toy", "Pynq-Z2"]
    done = subprocess.run(command, input=Path(install.__file__).read_bytes(), capture_output=True)
    assert done.returncode == 1 and b"has no numpy; install it there" in done.stderr
