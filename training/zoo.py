"""Stage: what is shipped under models/zoo, dense and sparse, as the table that the README shows."""

from dataclasses import dataclass
from pathlib import Path

from ganglion.models.build.codec import decode
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BUILD
from ganglion.models.formats.policy_folder import JSON_FILE
from ganglion.models.spec.provenance import Provenance
from ganglion.models.zoo import ZOO
from ganglion.training.markdown import markdown
from ganglion.training.records import RESULT_FILE, read_curve, read_result
from ganglion.training.statistics import as_precise, mean_and_std

DENSE = "*-dense"
"""The folder of an environment's dense reference, such as sac-dense, to which the others are compared."""

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
    rows: list[dict[str, str]] = []
    for environment in sorted({path.parents[1] for path in zoo.glob(f"*/*/{RESULT_FILE}")}):
        sparse = sorted(path for path in environment.iterdir() if (path / "policy.json").exists())
        rows += [_cells(folder) for folder in (*sorted(environment.glob(DENSE)), *sparse)]
    return markdown(_COLUMNS, rows)


def _cells(folder: Path) -> dict[str, str]:
    result = read_result(folder)
    try:
        done = result.total_steps or read_curve(folder / "curve.jsonl")[-1]["step"]
        cells = {
            "policy": f"`{folder.parent.name}/{folder.name}`",
            "return": mean_and_std(result.return_mean, result.return_std),
            "worst": as_precise(min(result.returns), result.return_mean),
            "falls": "" if result.falls is None else str(result.falls),
            "episodes": str(result.episodes),
            "steps": f"{done:,}",
            "seed": str(result.seed),
            "commit": result.commit[:_COMMIT_LETTERS],
        }
        if (folder / JSON_FILE).exists():
            cells |= _size_cells(folder / JSON_FILE)
    except IndexError:
        raise ExportError(f"{folder}: neither result.json nor a curve tells its steps") from None
    return cells


def _size_cells(path: Path) -> dict[str, str]:
    said = decode(Provenance, read_json(path).get("provenance"), f"{path}: provenance")
    n_weights, kept, live = said.n_weights, said.nnz, said.nnz_live
    if not (n_weights and kept and live):
        raise ExportError(f"{path}: provenance does not say all of n_weights, nnz and nnz_live")
    return {
        "weights kept": f"{kept:,} of {n_weights:,} ({100 * kept / n_weights:.1f} %)",
        "live": f"{live:,}",
        "size": f"{live / 1_000:.1f} kB",
        "compression": f"{_FLOAT_BYTES * n_weights / live:.0f}x",
    }


def run(settings: ZooSettings) -> None:
    """Print the table."""
    print(zoo_table(settings.zoo))
