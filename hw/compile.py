"""Stage: a policy folder becomes RTL, memories and hw.json for a board, checked after every pass."""

import argparse
import shutil
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hw.config import Board, Engine, find_board
from models.artifacts import BuildPaths, ExportError, digest, git_commit, run_stage, sha256_file, write_json
from models.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE, Policy, load_policy
from models.stages import Stage, source_hash

HERE = Path(__file__).parent
# The code and the tools that decide what compile writes for an engine; a change in any reruns the stage.
COMMON_FILES = ("compile.py", "config.py", "axi_stream.py", "top_ports.py")
ENGINE_SOURCES = {
    Engine.DENSE: (
        "passes", "dense.py", "emit.py", "finn_plugin.py", "folding.py", "gather.py",
        "golden_check.py", "hardware_node.py", "rtl_patches.py",
    ),
    Engine.FOLDED: ("folded", "rtl"),
    Engine.UNROLLED: ("unrolled", "rtl"),
}  # fmt: skip
ENGINE_SOURCES[Engine.AUTO] = (
    "choose.py",
    *sorted({name for names in ENGINE_SOURCES.values() for name in names}),
)
ENGINE_TOOLS = {
    Engine.DENSE: ("finn-plus", "qonnx", "onnx", "numpy"),
    Engine.FOLDED: ("numpy",),
    Engine.UNROLLED: ("da4ml", "numpy"),
    Engine.AUTO: ("finn-plus", "qonnx", "onnx", "da4ml", "numpy"),
}
DEFAULT_LANES, DEFAULT_CUT, DEFAULT_LATENCY_US = 8, 2, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSettings:
    """What to compile for."""

    board: Board
    engine: Engine
    lanes: int = DEFAULT_LANES
    """Multipliers of the folded engine."""
    cut: int = DEFAULT_CUT
    """Adders between two registers of the unrolled engine."""
    latency_us: float = DEFAULT_LATENCY_US
    """How long an answer may take, for the engine that is chosen."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict of what matters to the engine."""
        used: dict[Engine, dict[str, Any]] = {
            Engine.AUTO: {"latency_us": self.latency_us},
            Engine.FOLDED: {"lanes": self.lanes},
            Engine.UNROLLED: {"cut": self.cut},
        }
        return {"board": asdict(self.board), "engine": self.engine.value} | used.get(self.engine, {})


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
            "tools": {tool: version(tool) for tool in ENGINE_TOOLS[settings.engine]},
            "code": _code_hash(settings.engine),
        },
    )


def _code_hash(engine: Engine) -> str:
    sources = [HERE / name for name in (*COMMON_FILES, *ENGINE_SOURCES[engine])]
    return digest([source_hash(path) if path.is_dir() else sha256_file(path) for path in sources])


def compile_policy(
    paths: BuildPaths, settings: CompileSettings, skip_patches: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Write rtl/, mem/ and hw.json of a build and return what hw.json holds.

    skip_patches: RTL mends left out, by name, for the tests that show their need. Raises ExportError for a
    damaged policy folder, CompileError when it has no hardware or does not fit, MismatchError when a pass
    changes a number. What was there before stays until all of the new is made.
    """
    policy = load_policy(paths.policy)
    inputs = dict(compile_stage(paths, settings).inputs)
    settings, choice = _chosen(policy, settings)
    scratch = paths.work / "compile"
    shutil.rmtree(scratch, ignore_errors=True)
    board = settings.board
    description = {
        "name": paths.root.name,
        "engine": settings.engine.value,
        "board": board.name,
        "part": board.part,
        "clock_mhz": board.clock_mhz,
        **_build(policy, paths.policy / ONNX_FILE, settings, scratch, skip_patches),
        "choice": choice,
        "inputs": inputs,
        "provenance": {"commit": git_commit()},
    }
    for folder in (paths.rtl, paths.mem):
        shutil.rmtree(folder, ignore_errors=True)
        (scratch / folder.name).replace(folder)
    write_json(paths.hw, description)
    return description


def _chosen(policy: Policy, settings: CompileSettings) -> tuple[CompileSettings, dict[str, Any] | None]:
    """Return the settings with an engine in place of "auto", and the choice, when there was one."""
    if settings.engine is not Engine.AUTO:
        return settings, None
    from hw.choose import choose, print_choice

    choice = choose(policy.network, settings.board, settings.latency_us)
    print_choice(choice, settings.board, settings.latency_us)
    engine, setting = choice.taken.engine, choice.taken.setting
    changes = {Engine.FOLDED: {"lanes": setting}, Engine.UNROLLED: {"cut": setting}}
    chosen = replace(settings, engine=engine, **changes.get(engine, {}))
    return chosen, choice.to_json(settings.board)


def _build(
    policy: Policy, onnx_file: Path, settings: CompileSettings, scratch: Path, skip_patches: frozenset[str]
) -> dict[str, Any]:
    """Return the engine's part of hw.json, its files made in `scratch`.

    Each engine imports what takes seconds, FINN or da4ml: only when there is something to compile.
    """
    board = settings.board
    if settings.engine is Engine.FOLDED:
        from hw.folded.build import build as build_folded
        from hw.folded.fit import fit

        shape = fit(policy.network, settings.lanes).settings
        folded = build_folded(policy.network, shape, board, scratch)
        return folded.description | {"estimate": asdict(folded.estimate)}
    if settings.engine is Engine.UNROLLED:
        from hw.unrolled.build import UnrolledSettings
        from hw.unrolled.build import build as build_unrolled

        return build_unrolled(policy, UnrolledSettings(cut=settings.cut), board, scratch).description
    from hw.dense import build as build_dense
    from hw.folding import fold, total

    foldings = fold(policy.network, board)
    described = build_dense(policy, onnx_file, foldings, board, scratch, skip_patches)
    return described | {"estimate": asdict(total(foldings, board))}


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(prog="hw.compile", description=__doc__)
    parser.add_argument("name", help="the build's name, a folder under build/")
    parser.add_argument("--board", default="Pynq-Z2")
    parser.add_argument("--engine", default=Engine.AUTO.value, help="auto, dense, folded or unrolled")
    parser.add_argument(
        "--latency-us",
        type=float,
        default=DEFAULT_LATENCY_US,
        help="how long an answer of the engine that auto chooses may take (default 2)",
    )
    parser.add_argument("--lanes", type=int, default=DEFAULT_LANES, help="multipliers of the folded engine")
    parser.add_argument("--cut", type=int, default=DEFAULT_CUT, help="adders a stage, unrolled engine")
    parser.add_argument("--clock-mhz", type=float, help="the clock to aim at; the board's own unless given")
    arguments = parser.parse_args()
    board = find_board(arguments.board)
    if arguments.clock_mhz is not None:
        board = replace(board, clock_mhz=arguments.clock_mhz)
    settings = CompileSettings(
        board=board,
        engine=Engine.parse(arguments.engine),
        lanes=arguments.lanes,
        cut=arguments.cut,
        latency_us=arguments.latency_us,
    )
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
    estimate = description["estimate"]
    area = ", ".join(f"{estimate[key]:,} {key.upper()}" for key in ("lut", "ff", "dsp", "bram18"))
    return f"{description['engine']} for {description['board']}, estimated {area}"


if __name__ == "__main__":
    run_stage(main)
