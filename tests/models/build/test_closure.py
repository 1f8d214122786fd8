"""A stage is out of date when any line changes that it can reach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ganglion.models.build.closure import code_files

ROOMS = ("models", "hw", "training", "deploy")
STAGES = {
    "ganglion.hw.compile": (
        "ganglion.hw.engines.folded.schedule",
        "ganglion.hw.rtl",
        "ganglion.models.reference",
    ),
    "ganglion.hw.simulate": ("ganglion.hw.sim.harness", "ganglion.models.formats.policy_folder"),
    "ganglion.hw.closed_loop": ("ganglion.models.nets.quant_network", "ganglion.models.quant.quantizers"),
    "ganglion.hw.synth": ("ganglion.hw.target.board", "ganglion.hw.flows.yosys"),
    "ganglion.hw.bitstream": ("ganglion.hw.flows.vivado",),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reaches_what_it_runs(stage: str) -> None:
    """Imported for real in a process of its own, a stage loads no module that its closure lacks."""
    code = f"import sys, {stage}; print(*(n for n in sys.modules if n.startswith('ganglion.')))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    files = code_files(stage)
    for module in {*loaded, *STAGES[stage]}:
        assert f"{module}.py" in files, module


def test_data_beside_the_code_belongs_to_who_reaches_it() -> None:
    assert "ganglion.hw.rtl/ganglion_folded.sv" in code_files("ganglion.hw.compile")
    assert "ganglion.hw.sim/harness.cpp" in code_files("ganglion.hw.simulate")
    assert "ganglion.hw.target.boards/7-series/Pynq-Z2.toml" in code_files("ganglion.hw.synth")
    assert "ganglion.hw.flows.yosys/xilinx.ys" in code_files("ganglion.hw.synth")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a copy of every room, importable as `ganglion`."""
    root = tmp_path_factory.mktemp("copy")
    here = Path(__file__).parents[3]
    for room in ROOMS:
        skipped = shutil.ignore_patterns("__pycache__", "*.npz", "*.onnx", "*.png", "*.jsonl")
        shutil.copytree(here / room, root / "ganglion" / room, ignore=skipped)
    return root


def _hashes(root: Path, stages: list[str]) -> list[str]:
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r})\n"
        "sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f).lower()]\n"
        "from ganglion.models.build.closure import code_hash\n"
        f"print(*(code_hash(stage) for stage in {stages!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("stage", STAGES)
def test_one_changed_line_in_any_file_that_a_stage_reaches_changes_its_hash(stage: str, copied: Path) -> None:
    files = sorted(code_files(stage).values())
    here = Path(__file__).parents[3]
    before = _hashes(copied, [stage])
    code = (
        f"import sys; sys.path.insert(0, {str(copied)!r})\n"
        "sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f).lower()]\n"
        "from pathlib import Path\n"
        "from ganglion.models.build import closure\n"
        f"before = closure.code_hash({stage!r})\n"
        f"for path in map(Path, {[str(copied / 'ganglion' / f.relative_to(here)) for f in files]!r}):\n"
        "    old = path.read_bytes()\n"
        "    path.write_bytes(old + b'\\n# changed\\n')\n"
        f"    if closure.code_hash({stage!r}) == before: print(path)\n"
        "    path.write_bytes(old)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(files) > 10
    assert not done.stdout.strip()
    assert _hashes(copied, [stage]) == before
