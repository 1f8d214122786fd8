"""What a compressed policy reached, from its teacher to the folder, as a table."""

from dataclasses import dataclass

from rich.table import Table

from ganglion.models.build.spelling import spelled
from ganglion.training.evaluate import evaluate_checkpoint
from ganglion.training.records import TeacherRecord
from ganglion.training.results import read_curve, seconds_of
from ganglion.training.run import Phase, Run
from ganglion.training.statistics import Statistics, as_precise, mean_and_std

_BEARABLE_LOSS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A policy on the way from the zip to the folder."""

    name: str
    statistics: Statistics
    nnz: int
    live: int | None
    """Weights that can matter (ganglion.training.learner.count_weights); None for the teacher."""
    seconds: float | None
    """Wall clock since the run began; None for the teacher."""


def rows_of(run: Run, teacher: TeacherRecord) -> list[Row]:
    """Return the rows of a run at its end: the teacher's, then each phase's."""
    return [_teacher_row(teacher), *(_phase_row(run, phase) for phase, _ in run.phases)]


def _teacher_row(record: TeacherRecord) -> Row:
    return Row(
        name=f"teacher ({record.algorithm})",
        statistics=Statistics.of(record.returns),
        nnz=record.n_weights,
        live=None,
        seconds=None,
    )


def _phase_row(run: Run, phase: Phase) -> Row:
    """Return the row of a phase's best policy."""
    found, curve = evaluate_checkpoint(run.best(phase)), read_curve(run.curve)
    last = max(i for i, entry in enumerate(curve) if entry["phase"] == phase.value)
    kind = ("sparse " if run.sparsity else "dense ") + ("int8" if found.is_int8 else "float")
    return Row(
        name=f"{kind}, fine-tuned" if phase is Phase.FINETUNE else kind,
        statistics=Statistics.of(found.episodes.returns),
        nnz=found.nnz,
        live=found.live,
        seconds=seconds_of(curve[: last + 1]),
    )


def table_of(rows: list[Row]) -> Table:
    """Return the rows as a table to be printed, with what to try where too much is lost."""
    columns = ("policy", "return", "interquartile mean (95%)", "weights", "live", "seconds")
    table = Table(*columns, caption=_advice(rows), caption_justify="left")
    for row in rows:
        mean, ends = row.statistics.mean, row.statistics.iqm_ci95 or (row.statistics.iqm,) * 2
        iqm, low, high = (as_precise(value, mean) for value in (row.statistics.iqm, *ends))
        table.add_row(
            row.name,
            mean_and_std(mean, row.statistics.std),
            f"{iqm} ({low} to {high})",
            f"{row.nnz:,}",
            "" if row.live is None else f"{row.live:,}",
            "" if row.seconds is None else f"{row.seconds:,.0f}",
        )
    return table


def _advice(rows: list[Row]) -> str | None:
    """Return what to try when the last row lost more than a tenth of the first one's return."""
    teacher, student = rows[0].statistics.mean, rows[-1].statistics.mean
    lost = (teacher - student) / abs(teacher) if teacher else 0.0
    if lost <= _BEARABLE_LOSS:
        return None
    return (
        f"{lost:.0%} of the teacher's return is lost: try a lower {spelled('sparsity')}, more "
        f"{spelled('steps')}, or {spelled('ft_steps')}, which learn from rewards (SAC and DQN only)"
    )
