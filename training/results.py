"""Finished runs as rows of one table: result.json files in, Parquet on disk."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import atomic_path
from ganglion.training.records import read_curve, read_result, seconds_of
from ganglion.training.statistics import interquartile_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One evaluated policy, and what it cost."""

    environment: str
    env_id: str
    name: str
    """The run's or the shipped policy's folder."""
    algorithm: str
    """What found it, as its record names it: SAC."""
    network: str | None = None
    """What reads frames, of a game's DQN; None of other policies, and in older tables."""
    sparsity: float
    """The fraction of zeros among the actor's weights, measured."""
    seed: int
    qat: bool
    """Whether the policy is integers."""
    steps: int
    """Environment steps of the run."""
    return_mean: float
    return_std: float
    return_iqm: float
    episodes: int
    nnz: int | None
    """Nonzero weights; None where the record does not say."""
    live: int | None
    """Those of them that can matter (ganglion.training.learner.count_weights)."""
    seconds: float | None
    """Wall-clock seconds of training; None where no curve lies beside the result."""
    commit: str


def read_row(folder: Path) -> ResultRow:
    """Return the row of a run's or a shipped policy's folder; a damaged result.json raises ExportError."""
    result = read_result(folder)
    planned = result.planned
    return ResultRow(
        environment=result.environment,
        env_id=result.env_id,
        name=folder.name,
        algorithm=result.algorithm,
        network=result.network,
        sparsity=result.sparsity,
        seed=result.seed,
        qat=result.is_int8,
        steps=planned.steps + planned.qat_steps + planned.finetune_steps,
        return_mean=result.return_mean,
        return_std=result.return_std,
        return_iqm=float(interquartile_mean(result.returns)),
        episodes=result.episodes,
        nnz=result.nnz,
        live=result.nnz_live,
        seconds=seconds_of(read_curve(folder / "curve.jsonl")) or None,
        commit=result.commit,
    )


_TYPES = {"str": pa.string(), "float": pa.float64(), "int": pa.int64(), "bool": pa.bool_()}
_SCHEMA = pa.schema(
    [
        (field.name, _TYPES[getattr(field.type, "__name__", str(field.type).split(" ")[0])])
        for field in dataclasses.fields(ResultRow)
    ]
)


def write_table(path: Path, rows: Iterable[ResultRow]) -> None:
    """Replace the Parquet file `path` by these rows, in one step."""
    table = pa.Table.from_pylist([dataclasses.asdict(row) for row in rows], schema=_SCHEMA)
    with atomic_path(path) as temporary:
        parquet.write_table(table, temporary)


def read_table(path: Path) -> list[ResultRow]:
    """Return the rows of a Parquet file that `write_table` wrote; another file raises ExportError."""
    try:
        table = parquet.read_table(path, schema=_SCHEMA)
    except (OSError, pa.ArrowException) as error:
        raise ExportError(f"{path} is no table of ours: {str(error).splitlines()[0]}") from None
    # Tables older than the column are of the only algorithm that there was.
    return [ResultRow(**{**row, "algorithm": row["algorithm"] or "SAC"}) for row in table.to_pylist()]
