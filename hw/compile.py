"""Stage: a policy folder becomes RTL, memories and hw.json for a board, checked after every pass."""

import math
import shutil
from dataclasses import dataclass, fields
from importlib.metadata import version

from ganglion.hw.codegen.head import add_head
from ganglion.hw.design.design import Design, Inputs, write_design
from ganglion.hw.engines.registry import AUTO, find_engine
from ganglion.hw.mapping.choose import Choice, choose, choose_tail, in_time, kept_us, log_choice
from ganglion.hw.mapping.compile_settings import (
    CompileSettings,
    EngineOptions,
    TargetOptions,
)
from ganglion.hw.mapping.layout import Layout, lay_out
from ganglion.hw.mapping.reports import behavioural, layer_reports, segment_reports
from ganglion.hw.mapping.segments import engine_of_each
from ganglion.models.build.closure import code_hash
from ganglion.models.build.codec import decode
from ganglion.models.build.errors import CompileError, ExportError
from ganglion.models.build.files import sha256_file
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.provenance import git_commit
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.spelling import spelled, spelled_command
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import GOLDEN_FILE, JSON_FILE, ONNX_FILE, load_policy
from ganglion.models.layers import Dense
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec

TOOLS = ("da4ml", "finn-plus", "numpy", "onnx", "qonnx")


@dataclass(frozen=True, kw_only=True)
class CompileStageSettings(EngineOptions, BuildSettings):
    """A build whose policy is there, a board, and the engines to build it with."""


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
            "code": code_hash(__name__),
        },
    )


def compile_policy(
    paths: BuildPaths, settings: CompileSettings, skip_patches: frozenset[str] = frozenset()
) -> Design:
    """Write rtl/, mem/ and hw.json of a build and return the design.

    skip_patches: RTL patches left out, by name, for the tests that show their need. Raises ExportError for a
    damaged policy folder, CompileError when it has no hardware or does not fit, MismatchError when a plan
    or a pass changes a number. What was there before stays until all of the new is made; then what
    stages said of the former design goes too.
    """
    policy = load_policy(paths.policy)
    inputs = decode(Inputs, dict(compile_stage(paths, settings).inputs), "inputs")
    layout, choice = _laid_out(policy.network, settings)
    scratch = paths.work / "compile"
    shutil.rmtree(scratch, ignore_errors=True)
    # FINN takes seconds to import: only when there is something to compile.
    from ganglion.hw.finn.flow import build

    files = build(policy.golden, layout, scratch, skip_patches)
    head = None
    if settings.head == "chip":
        head, files = add_head(policy.spec.action, files, scratch)
    for folder in (paths.rtl, paths.mem):
        shutil.rmtree(folder, ignore_errors=True)
        (scratch / folder.name).replace(folder)
    written = {each.name: getattr(files, each.name) for each in fields(files)}
    layers = tuple(layer_reports(layout, written.pop("layer_nodes")))
    design = Design(
        root=paths.root,
        name=paths.root.name,
        engine=settings.engine_names if choice is None else choice.taken.engine,
        board=settings.board,
        estimate=layout.estimate,
        layers=layers,
        segments=tuple(segment_reports(layout)),
        behavioural=behavioural(layout),
        choice=choice and choice.report,
        head=head,
        inputs=inputs,
        commit=git_commit(),
        **written,
    )
    for path in paths.of_design:
        path.unlink(missing_ok=True)
    write_design(paths.hw, design)
    return design


def _laid_out(network: IntNetwork, settings: CompileSettings) -> tuple[Layout, Choice | None]:
    """Return the layout, and the choice of its engine where none was named."""
    board = settings.board
    if not settings.engines:
        choice = choose(network, board, *_latencies_us(network.spec, settings))
        log_choice(choice)
        taken = choice.taken
        parts = [taken] if taken.tail is None else [taken, taken.tail]
        chosen = engine_of_each([find_engine(taken.engine)], network.spec)
        firsts = [chosen.index(find_engine(each.engine)) for each in parts]
        plans = {first: each.plan for first, each in zip(firsts, parts, strict=True) if each.plan is not None}
        options = {each.engine: each.settings for each in parts}
        return lay_out(network, chosen, options, board, plans if len(plans) == len(parts) else None), choice
    engines = engine_of_each(settings.engines, network.spec)
    options = settings.of_engines()
    if settings.open_tail is not None:
        first = settings.engines[0]
        options |= choose_tail(network, first, options[first.name], board)
    layout = lay_out(network, engines, options, board)
    _check_latency(layout.latency_cycles, settings)
    return layout, None


def _latencies_us(spec: NetworkSpec, settings: CompileSettings) -> tuple[float, ...]:
    """Return how long what is chosen may take: as asked, or the board's; any time for convolutions."""
    if not settings.latency_us and all(isinstance(layer, Dense) for layer in spec.layers):
        return (settings.board.latency_us,)
    return settings.latency_us


def _check_latency(cycles: int, settings: CompileSettings) -> None:
    """Raise CompileError when engines that were named answer later than was asked for."""
    predicted_us, most_us = cycles / settings.board.clock_mhz, max(settings.latency_us, default=math.inf)
    if not in_time(cycles, most_us, settings.board):
        raise CompileError(
            f"{spelled('engine', settings.engine_names)} answers in {cycles} cycles = {predicted_us:.2f} µs "
            f"on {settings.board.name}, {spelled('latency_us', f'{most_us:g}')} asks for less; "
            f"take {spelled('engine', AUTO)} or "
            f"{spelled('latency_us', f'{kept_us(cycles, settings.board):g}')}"
        )


def run(settings: CompileStageSettings) -> None:
    """Compile the policy of a build."""
    compile_build(settings.paths, settings)


def compile_build(paths: BuildPaths, options: TargetOptions) -> None:
    """Compile the policy of a build, unless that is up to date; raises what `compile_policy` does."""
    settings = options.checked()
    with locked(paths.root):
        stage = compile_stage(paths, settings)
        outputs = [paths.hw, paths.rtl, paths.mem]
        stage.refresh(outputs, lambda: _summary(compile_policy(paths, settings)), keep=True)


def _summary(design: Design) -> str:
    needed = design.estimate and design.estimate.resources
    return f"{design.engine} for {design.board.name}, estimated {needed}"
