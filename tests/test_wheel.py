"""The wheel brings all it needs: built, installed elsewhere, and run in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of a copy of the tracked files, so that no build leftovers of the tree get in."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists() and not name.startswith("tests/"):
            (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / "tree" / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(folder / "tree")], check=True, capture_output=True, timeout=300)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_one_package_and_its_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} <= {"ganglion", wheel.name.rsplit("-", 3)[0] + ".dist-info"}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.split():
        if name.split("/")[0] in ("models", "hw", "training", "deploy"):
            assert f"ganglion/{name}" in names or name.endswith(".md"), name


@pytest.mark.slow
def test_an_installed_wheel_builds_hardware_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    empty = tmp_path / "empty"
    empty.mkdir()
    # Without -P and our tree on the path the clone would be imported: the wheel must stand before it.
    environment = os.environ | {"PYTHONPATH": str(site)}
    run = "import ganglion.hw, ganglion.models.command_line as c; print(ganglion.hw.__file__); c.main()"
    done = subprocess.run(
        [sys.executable, "-c", run, "hw", "Hopper"],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(site))
    assert re.search(r"0 mismatches in \d\d,\d{3} vectors", done.stdout)
    assert (empty / "build/Hopper/report.json").exists()
