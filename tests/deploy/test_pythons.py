"""The modules that a board runs: Python 3.10 to 3.13, with numpy alone."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ganglion.deploy.bundle.contents import ENTRIES
from ganglion.models.build.closure import code_files
from tests.deploy.bundles import write_toy

OPTIONAL = {"pynq", "serial", "rich"}
"""What a transport imports when it is opened, and the control loop's view where it is installed."""
ROOT = Path(__file__).parents[2]
NUMPY = {"3.10": "1.21.6", "3.11": "1.26.4", "3.12": "2.0.2", "3.13": "2.4.6"}
"""One for each Python; 3.10 has the oldest that is made for it."""
TRY = """
import sys, numpy
from ganglion.deploy.policy import Policy
with Policy.load(sys.argv[1]) as policy:
    print(*sys.version_info[:2], numpy.__version__, policy.self_test())
assert not {"pydantic", "torch", "rich", "serial"} & set(sys.modules)
"""


def board_modules() -> dict[str, Path]:
    files = {name: path for entry in ENTRIES for name, path in code_files(entry).items()}
    return {name.removesuffix(".py"): path for name, path in files.items() if path.suffix == ".py"}


def test_a_board_s_modules_import_numpy_and_the_standard_library_alone() -> None:
    modules = board_modules()
    rooms = ("transports.pynq_board", "transports.serial", "control.loop", "control.view")
    assert {f"ganglion.deploy.{name}" for name in rooms} <= set(modules)
    for path in modules.values():
        for node in ast.walk(ast.parse(path.read_text(), feature_version=(3, 10))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = (
                    [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
                )
                packages = {str(name).split(".")[0] for name in names}
                assert packages <= {"ganglion", "numpy", *OPTIONAL} | sys.stdlib_module_names, path


def test_they_use_nothing_that_python_3_10_lacks() -> None:
    command = [
        sys.executable,
        "-m",
        "pyright",
        "--pythonversion",
        "3.10",
        *map(str, board_modules().values()),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout


def find_python(version: str) -> Path | None:
    """Return a Python of this version: this one, on PATH, or pyenv's."""
    if sys.version.startswith(f"{version}."):
        return Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [*pyenv.glob(f"{version}.*/bin/python"), shutil.which(f"python{version}")]
    return Path(found[0]) if found[0] else None


@pytest.mark.slow
@pytest.mark.parametrize("version", NUMPY)
def test_a_policy_answers_under_every_python(version: str, tmp_path: Path) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    environment = tmp_path / "environment"
    subprocess.run([str(python), "-m", "venv", str(environment)], check=True, timeout=120)
    bare = environment / "bin" / "python"
    install = [str(bare), "-m", "pip", "install", "--quiet", f"numpy=={NUMPY[version]}"]
    subprocess.run(install, check=True, timeout=300)
    (tmp_path / "ganglion").mkdir()
    for room in ("deploy", "models"):
        (tmp_path / "ganglion" / room).symlink_to(ROOT / room)
    toy = write_toy(tmp_path)
    done = subprocess.run(
        [str(bare), "-c", TRY, str(toy.folder)],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [*version.split("."), NUMPY[version], "100"]
