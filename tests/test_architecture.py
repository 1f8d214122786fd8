"""The rooms: who may import whom, and that the one border to FINN stays one."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("models", "training", "hw", "deploy")
ALLOWED = {room: {room, "models"} for room in ROOMS}
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
# FINN's and qonnx's names enter hw/ here: the plugin, and the ops that FINN itself must be able to load.
FINN_BORDER = ("hw/finn/plugin.py", "hw/engines/operators/")
MAX_PYTHON_LINES, MAX_RTL_LINES = 300, 200


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    rooms = {name.split(".")[1] for name in _imported(path) if name.startswith("ganglion.")}
    assert rooms <= ALLOWED[room]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_finn_is_imported_behind_its_border_only(path: Path) -> None:
    relative = str(path.relative_to(ROOT))
    finn = {name for name in _imported(path) if name.split(".")[0] in ("finn", "qonnx")}
    assert not finn or relative.startswith(FINN_BORDER) or relative == "models/formats/export.py"


@pytest.mark.parametrize("path", sorted((ROOT / "deploy").rglob("*.py")), ids=lambda path: path.name)
def test_deploy_needs_no_training_and_no_compiler(path: Path) -> None:
    heavy = {"torch", "brevitas", "finn", "qonnx", "stable_baselines3", "gymnasium"}
    assert not {name.split(".")[0] for name in _imported(path)} & heavy


def test_files_stay_small_enough_to_hold_one_idea() -> None:
    for suffix, most in ((".py", MAX_PYTHON_LINES), (".sv", MAX_RTL_LINES)):
        for room in (*ROOMS, "tests"):
            for path in (ROOT / room).rglob(f"*{suffix}"):
                assert len(path.read_text().splitlines()) <= most, path
