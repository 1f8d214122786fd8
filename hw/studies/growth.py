"""Stage: how cycles and area of each engine grow with the weights that are left.

It builds random networks of the actor's shape, from 50 to 99% sparse, and the trained policies shipped for
the same environment, and writes build/<name>/growth.json, growth.png and growth.svg. What is up to date is
not built again.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from ganglion.hw.engines.unrolled.engine import Unrolled
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.mapping.compile_settings import TargetOptions, options_for
from ganglion.hw.studies.explore import COUNTS, StudySettings, compiled, engine_label, measured
from ganglion.hw.studies.growth_plot import plot_growth
from ganglion.hw.target.board import Board, find_board
from ganglion.models.build.closure import code_hash
from ganglion.models.build.errors import CompileError, ExportError
from ganglion.models.build.files import write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.pictures import png_and_svg
from ganglion.models.build.spelling import spelled_command
from ganglion.models.build.stage import Stage
from ganglion.models.build.tables import print_whole
from ganglion.models.formats.policy_folder import (
    GOLDEN_FILE,
    JSON_FILE,
    ONNX_FILE,
    load_policy,
    read_description,
)
from ganglion.models.layers import Dense
from ganglion.models.select_policy import policy_folder, select
from ganglion.models.spec.policy import PolicySpec
from ganglion.models.zoo import ZOO

log = logging.getLogger(__name__)

SPARSITIES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
SEED = 1
ADDERS = 2
DENSE = options_for("dense")
UNROLLED = options_for("unrolled", adders_per_stage=ADDERS)
SPARSE_ENGINES = (
    options_for("folded", lanes=8),
    options_for("folded", lanes=32),
    UNROLLED,
)
COSTS = ("latency_cycles", "interval_cycles", *COUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A policy folder to build, trained or random."""

    folder: Path
    trained: bool


def growth(
    paths: BuildPaths,
    board: Board,
    sparsities: Sequence[float] = SPARSITIES,
    dense: TargetOptions = DENSE,
    sparse: Sequence[TargetOptions] = SPARSE_ENGINES,
) -> list[dict[str, Any]]:
    """Return a row for each network and engine; the dense one, blind to zeros, gets the first network.

    The engines' options name the board.
    """
    subjects = [*random_subjects(paths, sparsities), *trained_subjects(paths.root.name)]
    pairs = [(subjects[0], dense), *((s, engine) for s in subjects for engine in sparse)]
    rows = []
    for index, (subject, engine) in enumerate(pairs):
        spec = read_description(subject.folder)
        log.info("growth: %d of %d: %s, %s", index + 1, len(pairs), spec.name, engine_label(engine))
        row = {
            "policy": spec.name,
            "trained": subject.trained,
            "sparsity": said(spec, "sparsity"),
            "nnz_live": said(spec, "nnz_live"),
            "engine": engine_label(engine),
        }
        rows.append(row | cost(paths, subject.folder, board, engine))
    return rows


def random_subjects(paths: BuildPaths, sparsities: Sequence[float]) -> Iterator[Subject]:
    """Yield a random policy for each sparsity, of the shape that the build's actor was pruned from."""
    spec = read_description(paths.policy)
    for sparsity in sparsities:
        folder = paths.root / "growth" / f"random-{round(100 * sparsity)}"
        widths = said(spec, "widths")
        inputs = {"widths": widths, "seed": SEED, "code": code_hash("ganglion.models.random_policy")}
        stage = Stage(root=paths.root, name=f"growth-{folder.name}", inputs=inputs)
        if not stage.is_current():
            # Slow to import, and not needed when the policies are there.
            from ganglion.models.random_policy import write_random_policy

            with stage.running([folder / file for file in (ONNX_FILE, JSON_FILE, GOLDEN_FILE)]):
                write_random_policy(folder, spec.env, widths, sparsity, SEED)
        yield Subject(folder=folder, trained=False)


def said(spec: PolicySpec, key: str) -> Any:
    """Return what a policy's provenance says of itself; ExportError when it does not."""
    value = getattr(spec.said, key)
    if value is None:
        raise ExportError(f"{spec.name}: policy.json's provenance does not say {key}, which growth needs")
    return value


def trained_subjects(name: str) -> list[Subject]:
    """Return the shipped policies of the environment that build/<name> is for."""
    folders = sorted(file.parent for file in (ZOO / name).glob(f"*/{JSON_FILE}"))
    return [Subject(folder=folder, trained=True) for folder in folders]


def cost(paths: BuildPaths, policy: Path, board: Board, engine: TargetOptions) -> dict[str, Any]:
    """Return cycles and resources, by prediction where the board cannot hold the unrolled network."""
    if engine.engine == UNROLLED.engine:
        network, settings = load_policy(policy).network, UnrolledSettings(adders_per_stage=ADDERS)
        promised = Unrolled().candidate(network, settings, board)
        if not board.holds(promised.resources):
            cycles = {key: getattr(promised, key) for key in ("latency_cycles", "interval_cycles")}
            return cycles | asdict(promised.resources) | {"predicted": True}
    with compiled(paths, policy, engine) as build:
        row = measured(build)
    return {key: row[key] for key in COSTS} | {"predicted": False}


def print_table(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print one line a network: cycles and LUTs of each engine, "~" before what is predicted."""
    engines = list(dict.fromkeys(row["engine"] for row in rows))
    table = Table(title=f"{title}: cycles / LUT")
    table.add_column("network")
    for head in ("sparsity", "live nonzeros", *engines):
        table.add_column(head, justify="right")
    for policy in dict.fromkeys(row["policy"] for row in rows):
        cells = {row["engine"]: row for row in rows if row["policy"] == policy}
        network = next(iter(cells.values()))
        table.add_row(
            policy,
            f"{network['sparsity']:.1%}",
            f"{network['nnz_live']:,}",
            *(_cell(cells[engine]) if engine in cells else "" for engine in engines),
        )
    print_whole(table)


def _cell(row: dict[str, Any]) -> str:
    return f"{'~' if row['predicted'] else ''}{row['latency_cycles']:,} / {row['lut']:,}"


def run(settings: StudySettings) -> None:
    """Build, measure and draw."""
    paths = settings.paths
    select(paths, policy_folder(settings))
    require_dense(read_description(paths.policy))
    dense, *sparse = (replace(engine, board=settings.board) for engine in (DENSE, *SPARSE_ENGINES))
    board = find_board(settings.board)
    write_growth(paths, board, growth(paths, board, SPARSITIES, dense, sparse))


def require_dense(spec: PolicySpec) -> None:
    """Raise CompileError for a policy of other layers than dense ones, which are what random ones have."""
    other = next((each for each in spec.network.layers if not isinstance(each, Dense)), None)
    if other is not None:
        raise CompileError(
            f"{other.name} is a {other.kind} layer, but growth is of networks of dense layers; "
            f"{spelled_command('explore')} compares engines for this one"
        )


def write_growth(paths: BuildPaths, board: Board, rows: Sequence[dict[str, Any]]) -> None:
    """Write growth.json and its pictures, and print the table."""
    write_json(
        paths.root / "growth.json", {"board": board.name, "adders_per_stage": ADDERS, "points": list(rows)}
    )
    title = f"{paths.root.name}'s actor on {board.name}"
    plot_growth(rows, png_and_svg(paths.root / "growth"), title)
    print_table(rows, title)
