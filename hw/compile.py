"""Stage: a policy folder becomes RTL, memories and hw.json for a board, checked after every pass."""

import argparse
import shutil
import subprocess
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hw.config import Board, Engine, find_board
from hw.folding import fold, total
from models.artifacts import BuildPaths, ExportError, digest, run_stage, sha256_file, write_json
from models.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE, load_policy
from models.stages import Stage, source_hash

HERE = Path(__file__).parent
TOOLS = ("finn-plus", "qonnx", "onnx", "numpy")
# The code that decides what compile writes; a change in any reruns the stage.
OWN_FILES = (
    "compile.py", "config.py", "dense.py", "emit.py", "finn_plugin.py", "folding.py", "gather.py",
    "golden_check.py", "hardware_node.py", "rtl_patches.py",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSettings:
    """What to compile for."""

    board: Board
    engine: Engine

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict."""
        return {"board": asdict(self.board), "engine": self.engine.value}


def compile_stage(paths: BuildPaths, settings: CompileSettings) -> Stage:
    """Return the stage's record of policy, settings, tools and code; without a policy ExportError."""
    if not paths.policy.is_dir():
        name = paths.root.name
        raise ExportError(f"{paths.policy} is missing; run python -m hw.select_policy {name} first")
    return Stage(
        root=paths.root,
        name="compile",
        inputs={
            "policy": {
                name: sha256_file(paths.policy / name) for name in (ONNX_FILE, JSON_FILE, GOLDEN_FILE)
            },
            "settings": settings.to_json(),
            "tools": {tool: version(tool) for tool in TOOLS},
            "code": digest([source_hash(HERE / "passes"), *(sha256_file(HERE / name) for name in OWN_FILES)]),
        },
    )


def compile_policy(
    paths: BuildPaths, settings: CompileSettings, skip_patches: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Write rtl/, mem/ and hw.json of a build and return what hw.json holds.

    skip_patches: RTL mends left out, by name, for the tests that show their need. Raises ExportError for a
    damaged policy folder, CompileError when it has no hardware or does not fit, MismatchError when a pass
    changes a number. What was there before stays until all of the new is made.
    """
    from hw.dense import build  # imports FINN, which takes seconds: only when there is something to compile

    policy = load_policy(paths.policy)
    foldings = fold(policy.network, settings.board)
    scratch = paths.work / "compile"
    shutil.rmtree(scratch, ignore_errors=True)
    built = build(policy, paths.policy / ONNX_FILE, foldings, settings.board, scratch, skip_patches)
    board = settings.board
    description = {
        "name": paths.root.name,
        "engine": settings.engine.value,
        "board": board.name,
        "part": board.part,
        "clock_mhz": board.clock_mhz,
        **built,
        "estimate": asdict(total(foldings, board)),
        "inputs": dict(compile_stage(paths, settings).inputs),
        "provenance": {"commit": commit()},
    }
    for folder in (paths.rtl, paths.mem):
        shutil.rmtree(folder, ignore_errors=True)
        (scratch / folder.name).replace(folder)
    write_json(paths.hw, description)
    return description


def commit() -> str:
    """Return the repository's commit, with "-dirty" when files differ from it, or "unknown" outside one."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        result = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return result.stdout.strip()


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(prog="hw.compile", description=__doc__)
    parser.add_argument("name", help="the build's name, a folder under build/")
    parser.add_argument("--board", default="Pynq-Z2")
    parser.add_argument("--engine", default=Engine.DENSE.value)
    parser.add_argument("--clock-mhz", type=float, help="the clock to aim at; the board's own unless given")
    arguments = parser.parse_args()
    board = find_board(arguments.board)
    if arguments.clock_mhz is not None:
        board = replace(board, clock_mhz=arguments.clock_mhz)
    settings = CompileSettings(board=board, engine=Engine.parse(arguments.engine))
    paths = BuildPaths.of(arguments.name)
    stage = compile_stage(paths, settings)
    if stage.is_current():
        print("compile: up to date")
        return
    with stage.running([paths.hw, paths.rtl, paths.mem]):
        description = compile_policy(paths, settings)
    print(f"compile: {summary(description)}")


def summary(description: dict[str, Any]) -> str:
    """Return one line on what was compiled."""
    lanes = ", ".join(f"{layer['name']} {layer['pe']}x{layer['simd']}" for layer in description["layers"])
    cycles = sum(layer["cycles"] for layer in description["layers"])
    return f"{description['engine']} for {description['board']}, lanes {lanes}, {cycles} multiply cycles"


if __name__ == "__main__":
    run_stage(main)
