"""Stage: what is shipped under models/zoo, dense and sparse, as the table that the README shows."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ganglion.models.build.codec import STRICT, Count, decode
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BUILD
from ganglion.models.zoo import ZOO
from ganglion.training.records import RESULT_FILE, read_curve, read_result

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizes:
    """What the table takes of a policy's provenance, in weights."""

    __pydantic_config__: ClassVar = STRICT | {"extra": "ignore"}

    n_weights: Count
    nnz: Count
    nnz_live: Count


def zoo_table(zoo: Path) -> str:
    """Return the policies under `zoo` as a Markdown table; a record that lacks a key raises ExportError.

    Size is a byte for each live weight, compression the float32 bytes of all weights over it; a cell is empty
    where nothing was measured.
    """
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
    for environment in sorted({path.parents[1] for path in zoo.glob(f"*/*/{RESULT_FILE}")}):
        sparse = sorted(path for path in environment.iterdir() if (path / "policy.json").exists())
        lines += [_line(folder) for folder in (environment / DENSE, *sparse)]
    return "\n".join(lines)


def _line(folder: Path) -> str:
    result = read_result(folder)
    try:
        done = result.total_steps or read_curve(folder / "curve.jsonl")[-1]["step"]
        cells = {
            "policy": f"`{folder.parent.name}/{folder.name}`",
            "return": f"{result.return_mean:,.0f} ± {result.return_std:,.0f}",
            "worst": f"{min(result.returns):,.0f}",
            "falls": "" if result.falls is None else str(result.falls),
            "episodes": str(result.episodes),
            "steps": f"{done:,}",
            "seed": str(result.seed),
            "commit": result.commit[:_COMMIT_LETTERS],
        }
        if folder.name != DENSE:
            cells |= _size_cells(_sizes(folder))
    except IndexError:
        raise ExportError(f"{folder}: neither result.json nor a curve tells its steps") from None
    return "| " + " | ".join(cells.get(column, "") for column in _COLUMNS) + " |"


def _sizes(folder: Path) -> _Sizes:
    path = folder / "policy.json"
    return decode(_Sizes, read_json(path).get("provenance"), f"{path}: provenance")


def _size_cells(sizes: _Sizes) -> dict[str, str]:
    n_weights, kept, live = sizes.n_weights, sizes.nnz, sizes.nnz_live
    return {
        "weights kept": f"{kept:,} of {n_weights:,} ({100 * kept / n_weights:.1f} %)",
        "live": f"{live:,}",
        "size": f"{live / 1_000:.1f} kB",
        "compression": f"{_FLOAT_BYTES * n_weights / live:.0f}x",
    }


def run(settings: ZooSettings) -> None:
    """Print the table."""
    print(zoo_table(settings.zoo))
