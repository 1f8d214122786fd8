"""Stage: a policy folder becomes RTL, memories and hw.json for a board, checked after every pass."""

import logging
import math
import shutil
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganglion.hw.mapping.compile_settings import DEFAULT_LATENCY_US, CompileSettings, EngineOptions
from ganglion.hw.settings import BuildSettings
from ganglion.hw.target.board import Engine
from ganglion.models.build.closure import code_hash
from ganglion.models.build.errors import CompileError, ExportError
from ganglion.models.build.files import sha256_file, write_json
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.provenance import git_commit
from ganglion.models.build.spelling import spelled, spelled_command
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE, Policy, load_policy
from ganglion.models.layers import dense_layers

log = logging.getLogger(__name__)

MODULE = "ganglion.hw.compile"
TOOLS = ("da4ml", "finn-plus", "numpy", "onnx", "qonnx")


@dataclass(frozen=True, kw_only=True)
class CompileStageSettings(EngineOptions, BuildSettings):
    """A build whose policy is there, a board, and the engines to build it with."""

    def __post_init__(self) -> None:
        EngineOptions.__post_init__(self)


def compile_stage(paths: BuildPaths, settings: CompileSettings) -> Stage:
    """Return the stage's record of policy, settings, tools and code; without a policy ExportError."""
    if not paths.policy.is_dir():
        raise ExportError(
            f"{paths.policy} is missing; {spelled_command('hw', paths.root.name)} puts it there"
        )
    return Stage(
        root=paths.root,
        name="compile",
        inputs={
            "policy": {
                name: sha256_file(paths.policy / name) for name in (ONNX_FILE, JSON_FILE, GOLDEN_FILE)
            },
            "settings": settings.to_json(),
            "tools": {tool: version(tool) for tool in TOOLS},
            "code": code_hash(MODULE),
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
    policy = load_policy(paths.policy)
    dense_layers(policy.network.spec.layers)  # there is hardware for no other kind
    inputs = dict(compile_stage(paths, settings).inputs)
    settings, choice = _chosen(policy, settings)
    scratch = paths.work / "compile"
    shutil.rmtree(scratch, ignore_errors=True)
    board = settings.board
    description = {
        "name": paths.root.name,
        "engine": settings.engine_names,
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
    if settings.engines != (Engine.AUTO,):
        return settings, None
    from ganglion.hw.mapping.choose import choose, print_choice

    latency_us = DEFAULT_LATENCY_US if settings.latency_us is None else settings.latency_us
    choice = choose(policy.network, settings.board, latency_us)
    print_choice(choice, settings.board, latency_us)
    engine, setting = choice.taken.engine, choice.taken.setting
    changes = {Engine.FOLDED: {"lanes": setting}, Engine.UNROLLED: {"cut": setting}}
    chosen = replace(settings, engines=(engine,), latency_us=None, **changes.get(engine, {}))
    return chosen, choice.to_json(settings.board)


def _build(
    policy: Policy, onnx_file: Path, settings: CompileSettings, scratch: Path, skip_patches: frozenset[str]
) -> dict[str, Any]:
    """Return the part of hw.json that describes the hardware, its files made in `scratch`.

    FINN takes seconds to import: only when there is something to compile.
    """
    from ganglion.hw.finn.flow import build
    from ganglion.hw.mapping.layout import lay_out
    from ganglion.hw.mapping.parts import engine_of_each

    engines = engine_of_each(settings.engines, policy.network.spec)
    layout = lay_out(policy.network, engines, settings.of_engines(), settings.board)
    _check_latency(layout.latency_cycles, settings)
    return build(policy, onnx_file, layout, scratch, skip_patches)


def _check_latency(cycles: int, settings: CompileSettings) -> None:
    """Raise CompileError when engines that were named answer later than was asked for."""
    predicted_us = cycles / settings.board.clock_mhz
    if settings.latency_us is not None and predicted_us > settings.latency_us:
        raise CompileError(
            f"{spelled('engine', settings.engine_names)} answers in {cycles} cycles = {predicted_us:.2f} µs "
            f"on {settings.board.name}, {spelled('latency_us', f'{settings.latency_us:g}')} asks for less; "
            f"take {spelled('engine', 'auto')}, more {spelled('lanes')} or "
            f"{spelled('latency_us', f'{math.ceil(predicted_us * 100) / 100:g}')}"
        )


def run(settings: CompileStageSettings) -> None:
    """Compile the policy of a build."""
    compile_build(settings.paths, settings)


def compile_build(paths: BuildPaths, options: EngineOptions) -> None:
    """Compile the policy of a build, unless that is up to date; raises what `compile_policy` does."""
    settings = options.checked()
    with locked(paths.root):
        stage = compile_stage(paths, settings)
        if stage.is_current():
            log.info("compile: up to date")
            return
        with stage.running([paths.hw, paths.rtl, paths.mem]):
            description = compile_policy(paths, settings)
        log.info("compile: %s", summary(description))


def summary(description: dict[str, Any]) -> str:
    """Return one line on what was compiled."""
    estimate = description["estimate"]
    area = ", ".join(f"{estimate[key]:,} {key.upper()}" for key in ("lut", "ff", "dsp", "bram18"))
    return f"{description['engine']} for {description['board']}, estimated {area}"
