"""Stage: a grid of runs on Ray, one process and one thread each, into one Parquet table.

What is finished is never run again; what was killed goes on from its checkpoint.
"""

import fcntl
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD
from ganglion.training.cluster import cluster, failures_of, require_no, train_job
from ganglion.training.grid import Grid, Job, read_grid
from ganglion.training.results import ResultRow, read_curve, read_row, write_table
from ganglion.training.statistics import as_precise, mean_and_std

log = logging.getLogger(__name__)

SWEEPS = "sweep"
_QAT = {"both": (False, True), "with": (True,), "without": (False,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSettings:
    """The grid, and where it runs; what is given here replaces the grid file's."""

    name: Positional[str] = "sweep"
    """Of the sweep, its table and the folders of its runs."""
    grid: Path | None = None
    """TOML with these settings: environments, algorithms, sparsities, seeds, qat, pruning, steps, qat_steps,
    distill_steps and teachers."""
    environments: tuple[str, ...] = ()
    """Such as Hopper Ant."""
    algorithms: tuple[str, ...] = ()
    """Such as sac td3 ddpg ppo trpo dqn; each configuration's own by default."""
    sparsities: tuple[float, ...] = ()
    """Fractions of zeros, such as 0 0.9 0.98; 0 is dense."""
    seeds: tuple[int, ...] = ()
    """Such as 1 2 3."""
    qat: Literal["both", "with", "without"] | None = None
    """Int8 policies as well, only them, or none; both by default."""
    pruning: str | None = None
    """Which weights, or neurons (neurons_l1, neurons_l2), are pruned; the configuration's by default."""
    steps: int | None = None
    """Environment steps in float; the configuration's by default."""
    qat_steps: int | None = None
    """Environment steps in int8; a fraction of those by default."""
    distill_steps: int | None = None
    """Distil the sparse from the dense in so many steps."""
    teachers: Literal["trained", "shipped"] | None = None
    """What is distilled: a dense policy trained for each seed (the default), or the zoo's for all."""
    address: str | None = None
    """The host:port of a Ray cluster, or auto; this machine by default."""
    processes: int | None = None
    """Runs at a time on this machine; its cores by default."""
    dry_run: bool = False
    """Only list the runs and how far each is."""
    build: Path = BUILD
    """Where runs lie."""

    def plan(self) -> Grid:
        """Return the grid; raise ConfigError when the settings describe none."""
        names = (
            "environments",
            "algorithms",
            "sparsities",
            "seeds",
            "pruning",
            "steps",
            "qat_steps",
            "distill_steps",
            "teachers",
        )
        given = {name: value for name in names if (value := getattr(self, name)) not in (None, ())}
        return read_grid(self.grid, given | ({"qat": _QAT[self.qat]} if self.qat else {}))


def sweep(table: Path, jobs: Sequence[Job], address: str | None, processes: int | None) -> list[ResultRow]:
    """Bring all jobs to their end and return their rows, which the Parquet file `table` holds too.

    A job that fails does not stop those that do not need it; at the end it raises ToolError.
    """
    with _locked(table):
        to_do = [job for job in jobs if not job.is_finished]
        if to_do:
            with cluster(address, processes):
                failures = _run_all(table, jobs, to_do)
            require_no(failures, len(to_do))
        return _write_rows(table, jobs)


def _run_all(table: Path, jobs: Sequence[Job], to_do: Sequence[Job]) -> dict[str, str]:
    """Run `to_do`, showing progress and saying which run has ended; return why which failed."""
    root = str(Path.cwd())
    task_of: dict[Path | None, Any] = {}
    for job in to_do:
        before = task_of.get(job.after.folder if job.after else None)
        task_of[job.run.folder] = train_job.remote(job.run, root, before)
    left = dict(zip(task_of.values(), to_do, strict=True))
    folders = {task: str(job.run.folder) for task, job in left.items()}
    with _progress() as progress:
        show = _shower(progress, jobs)

        def poll(waiting: Sequence[Any]) -> None:
            for task in left.keys() - set(waiting):
                run = left.pop(task).run
                log.info("sweep: %s %s has ended, %d left", run.environment, run.name, len(left))
                _write_rows(table, jobs)
            show(list(left.values()))

        return failures_of(folders, poll)


def _write_rows(table: Path, jobs: Sequence[Job]) -> list[ResultRow]:
    rows = [read_row(job.run.folder) for job in jobs if job.is_finished]
    write_table(table, rows)
    return rows


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[result]}"),
        TimeElapsedColumn(),
    )


def _shower(progress: Progress, jobs: Sequence[Job]) -> Callable[[Sequence[Job]], None]:
    """Return what draws the whole grid's bar and, for every run that has begun, its own."""
    everything = progress.add_task("steps of the grid", total=sum(job.last_step for job in jobs), result="")
    bars: dict[Path, TaskID] = {}

    def show(unfinished: Sequence[Job]) -> None:
        n_left = sum(job.last_step - job.step for job in unfinished)
        total = sum(job.last_step for job in jobs)
        finished = f"{len(jobs) - len(unfinished)} of {len(jobs)} runs"
        progress.update(everything, completed=total - n_left, result=finished)
        running = {job.run.folder: job for job in unfinished if job.run.curve.exists()}
        for folder in bars.keys() - running.keys():
            progress.remove_task(bars.pop(folder))
        for folder, job in running.items():
            if folder not in bars:
                bars[folder] = progress.add_task(
                    f"  {job.run.environment} {job.run.name}", total=job.last_step, result=""
                )
            curve = read_curve(job.run.curve)
            result = f"return {curve[-1]['return_mean']:,.0f}" if curve else ""
            progress.update(bars[folder], completed=job.step, result=result)

    return show


@contextmanager
def _locked(table: Path) -> Iterator[None]:
    """Hold the lock of a sweep's table; raise ConfigError when another process does."""
    table.parent.mkdir(parents=True, exist_ok=True)
    with (table.parent / f".{table.stem}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"the sweep {table.stem!r} is running already; wait, or give another name"
            ) from None
        yield


def listing(jobs: Sequence[Job]) -> Table:
    """Return the runs and how far each is, to be printed."""
    table = Table("run", "starts from", "steps", "state")
    for job in jobs:
        state = "finished" if job.is_finished else f"at step {job.step:,}" if job.step else "to do"
        after = job.after.name if job.after else ""
        table.add_row(f"{job.run.environment} {job.run.name}", after, f"{job.last_step:,}", state)
    return table


def table_of(rows: Sequence[ResultRow]) -> Table:
    """Return the finished runs' results, to be printed."""
    table = Table(
        "environment", "algorithm", "run", "sparsity", "int8", "return", "IQM", "weights", "live", "seconds"
    )
    for row in rows:
        table.add_row(
            row.env_id,
            row.algorithm,
            row.name,
            f"{row.sparsity:.2%}",
            "yes" if row.qat else "",
            mean_and_std(row.return_mean, row.return_std),
            as_precise(row.return_iqm, row.return_mean),
            *("" if n is None else f"{n:,.0f}" for n in (row.nnz, row.live, row.seconds)),
        )
    return table


def run(settings: SweepSettings) -> None:
    """Bring the grid to its end, or only list it, and print its table."""
    jobs = settings.plan().jobs(settings.name, settings.build)
    if settings.dry_run:
        Console().print(listing(jobs))
        return
    table = settings.build / SWEEPS / f"{settings.name}.parquet"
    Console().print(table_of(sweep(table, jobs, settings.address, settings.processes)))
    print(f"written to {table}")
