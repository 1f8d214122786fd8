"""Stage: how cycles and area of each engine grow with the weights that are left.

`python -m ganglion.hw.studies.growth Hopper` builds random networks of the actor's shape, from 50 to 99% sparse, and the
trained policies shipped for the same environment, and writes build/Hopper/growth.json, growth.png and
growth.svg. What is up to date is not built again.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ganglion.hw.engines.unrolled.predict import predict
from ganglion.hw.mapping.choose import ADDER_INPUTS
from ganglion.hw.studies.explore import COUNTS, compile_engine, engine_label, measured
from ganglion.hw.studies.growth_plot import plot_growth
from ganglion.hw.target.board import Board, find_board
from ganglion.models.build.closure import code_hash
from ganglion.models.build.command import run_stage
from ganglion.models.build.files import write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.stage import Stage
from ganglion.models.formats.policy_folder import (
    GOLDEN_FILE,
    JSON_FILE,
    ONNX_FILE,
    load_policy,
    read_description,
)
from ganglion.models.zoo import ZOO

SPARSITIES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
SEED = 1
CUT = 2
DENSE = ("dense",)
UNROLLED = ("unrolled", "--cut", str(CUT))
SPARSE_ENGINES = (("folded", "--lanes", "8"), ("folded", "--lanes", "32"), UNROLLED)
COSTS = ("latency_cycles", "interval_cycles", *COUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A policy folder to build, trained or random."""

    folder: Path
    trained: bool


def growth(name: str, board: Board) -> list[dict[str, Any]]:
    """Return a row for each network and engine; the dense one, blind to zeros, gets the first network."""
    subjects = [*random_subjects(name), *trained_subjects(name)]
    pairs = [(subjects[0], DENSE), *((s, engine) for s in subjects for engine in SPARSE_ENGINES)]
    rows = []
    for index, (subject, engine) in enumerate(pairs):
        spec = read_description(subject.folder)
        print(f"growth: {index + 1} of {len(pairs)}: {spec.name}, {engine_label(engine)}", flush=True)
        row = {
            "policy": spec.name,
            "trained": subject.trained,
            "sparsity": spec.provenance["sparsity"],
            "nnz_live": spec.provenance["nnz_live"],
            "engine": engine_label(engine),
        }
        rows.append(row | cost(name, subject.folder, board, engine))
    return rows


def random_subjects(name: str) -> Iterator[Subject]:
    """Yield a random policy for each sparsity, of the shape that build/<name>'s actor was pruned from."""
    paths = BuildPaths.of(name)
    spec = read_description(paths.policy)
    for sparsity in SPARSITIES:
        folder = paths.root / "growth" / f"random-{round(100 * sparsity)}"
        widths = spec.provenance["widths"]
        inputs = {"widths": widths, "seed": SEED, "code": _generator_hash()}
        stage = Stage(root=paths.root, name=f"growth-{folder.name}", inputs=inputs)
        if not stage.is_current():
            # Slow to import, and not needed when the policies are there.
            from ganglion.models.random_policy import write_random_policy

            with stage.running([folder / file for file in (ONNX_FILE, JSON_FILE, GOLDEN_FILE)]):
                write_random_policy(folder, spec.env, widths, sparsity, SEED)
        yield Subject(folder=folder, trained=False)


def trained_subjects(name: str) -> list[Subject]:
    """Return the shipped policies of the environment that build/<name> is for."""
    folders = sorted(file.parent for file in (ZOO / name).glob(f"*/{JSON_FILE}"))
    return [Subject(folder=folder, trained=True) for folder in folders]


def _generator_hash() -> str:
    return code_hash("ganglion.models.random_policy")


def cost(name: str, policy: Path, board: Board, engine: tuple[str, ...]) -> dict[str, Any]:
    """Return cycles and resources, by prediction where the board cannot hold the unrolled network."""
    if engine == UNROLLED:
        network = load_policy(policy).network
        promised = predict(network, CUT, ADDER_INPUTS)
        if promised.lut > board.budget.lut or promised.ff > board.budget.ff:
            return {key: getattr(promised, key) for key in COSTS} | {"predicted": True}
    row = measured(compile_engine(name, policy, board.name, engine))
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
    Console(width=110).print(table)


def _cell(row: dict[str, Any]) -> str:
    return f"{'~' if row['predicted'] else ''}{row['latency_cycles']:,} / {row['lut']:,}"


def main() -> None:
    """Parse the command line, build and draw."""
    parser = argparse.ArgumentParser(prog="ganglion.hw.studies.growth", description=__doc__)
    parser.add_argument(
        "name", help="the build under build/ whose actor's shape is taken, for example Hopper"
    )
    parser.add_argument("--board", default="Pynq-Z2")
    arguments = parser.parse_args()
    board, paths = find_board(arguments.board), BuildPaths.of(arguments.name)
    rows = growth(arguments.name, board)
    write_json(paths.root / "growth.json", {"board": board.name, "cut": CUT, "points": rows})
    title = f"{arguments.name}'s actor on {board.name}"
    for suffix in ("png", "svg"):
        plot_growth(rows, paths.root / f"growth.{suffix}", title)
    print_table(rows, title)


if __name__ == "__main__":
    run_stage(main)
