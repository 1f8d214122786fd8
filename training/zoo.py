"""Stage: what is shipped under models/zoo, dense and sparse, as the table that the README shows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BUILD
from ganglion.models.zoo import ZOO
from ganglion.training.results import read_curve

DENSE = "sac-dense"
"""The folder of an environment's dense reference, to which the others are compared."""

_COLUMNS = (
    "policy",
    "return",
    "worst",
    "falls",
    "episodes",
    "weights kept",
    "live",
    "size",
    "compression",
    "steps",
    "seed",
    "commit",
)
_FLOAT_BYTES, _COMMIT_LETTERS = 4, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ZooSettings:
    """Which policies are listed."""

    zoo: Path = ZOO
    """Where they lie."""
    build: Path = BUILD
    """Where the log goes."""


def zoo_table(zoo: Path) -> str:
    """Return the policies under `zoo` as a Markdown table; a record that lacks a key raises ExportError.

    Size is a byte for each live weight, compression the float32 bytes of all weights over it; a cell is empty
    where nothing was measured.
    """
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
    for environment in sorted(path for path in zoo.iterdir() if path.is_dir()):
        sparse = sorted(path for path in environment.iterdir() if (path / "policy.json").exists())
        lines += [_line(folder) for folder in (environment / DENSE, *sparse)]
    return "\n".join(lines)


def _line(folder: Path) -> str:
    result = read_json(folder / "result.json")
    try:
        done = _steps_done(result) or read_curve(folder / "curve.jsonl")[-1]["step"]
        cells = {
            "policy": f"`{folder.parent.name}/{folder.name}`",
            "return": f"{result['return_mean']:,.0f} ± {result['return_std']:,.0f}",
            "worst": f"{min(result['returns']):,.0f}",
            "falls": str(result.get("falls", "")),
            "episodes": str(result["episodes"]),
            "steps": f"{done:,}",
            "seed": str(result["seed"]),
            "commit": result["commit"][:_COMMIT_LETTERS],
        }
        if folder.name != DENSE:
            cells |= _size_cells(read_json(folder / "policy.json")["provenance"])
    except KeyError as error:
        raise ExportError(f"{folder}: its records lack {error}; evaluate and export the run again") from None
    return "| " + " | ".join(cells.get(column, "") for column in _COLUMNS) + " |"


def _size_cells(provenance: dict[str, Any]) -> dict[str, str]:
    n_weights, kept, live = (provenance[key] for key in ("n_weights", "nnz", "nnz_live"))
    return {
        "weights kept": f"{kept:,} of {n_weights:,} ({100 * kept / n_weights:.1f} %)",
        "live": f"{live:,}",
        "size": f"{live / 1_000:.1f} kB",
        "compression": f"{_FLOAT_BYTES * n_weights / live:.0f}x",
    }


def _steps_done(result: dict[str, Any]) -> int:
    """Return the environment steps of a run and, unless it imitates, of those before it; 0 if unknown."""
    before = None if result["run"].get("distill") else result["parent_result"]
    return result.get("steps_done", 0) + (_steps_done(before) if before else 0)


def run(settings: ZooSettings) -> None:
    """Print the table."""
    print(zoo_table(settings.zoo))
