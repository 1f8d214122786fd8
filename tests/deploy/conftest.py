"""One build for all tests of deploy; who changes it takes a copy."""

import shutil
from pathlib import Path

import pytest

from ganglion.models.build.paths import BuildPaths
from tests.deploy.builds import write_pendulum


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildPaths:
    return write_pendulum(BuildPaths.of("pendulum", tmp_path_factory.mktemp("built")))


@pytest.fixture
def build(built: BuildPaths, tmp_path: Path) -> BuildPaths:
    """Return a copy of the build of a small policy for Pendulum, in tmp_path/build/pendulum."""
    shutil.copytree(built.root, tmp_path / "build/pendulum")
    return BuildPaths.of("pendulum", tmp_path / "build")
