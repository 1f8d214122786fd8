"""Stage: a grid of runs on Ray, one process and one thread each, into one Parquet table.

python -m ganglion.training.sweep paper --environments Hopper --sparsities 0,0.9,0.98 --seeds 1,2

What is finished is never run again; what was killed goes on from its checkpoint.
"""

import argparse
import fcntl
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from ganglion.models.build.command import run_stage
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.paths import BUILD
from ganglion.training.cluster import cluster, train_job
from ganglion.training.grid import Grid, Job, read_grid
from ganglion.training.results import ResultRow, read_curve, read_row, write_table

log = logging.getLogger(__name__)

SWEEPS = BUILD / "sweep"
_POLL_S = 1.0


def sweep(name: str, jobs: Sequence[Job], address: str | None, processes: int | None) -> list[ResultRow]:
    """Bring all jobs to their end and return their rows, which build/sweep/<name>.parquet holds too.

    A job that fails does not stop those that do not need it; at the end it raises ToolError.
    """
    with _locked(name):
        to_do = [job for job in jobs if not job.is_finished]
        if to_do:
            with cluster(address, processes):
                failures = _run_all(name, jobs, to_do)
            if failures:
                first, reason = next(iter(failures.items()))
                raise ToolError(f"{len(failures)} of {len(to_do)} runs failed; the first, {first}: {reason}")
        return _write_rows(name, jobs)


def _run_all(name: str, jobs: Sequence[Job], to_do: Sequence[Job]) -> dict[str, str]:
    """Run `to_do`, showing progress; return why which failed."""
    root = str(Path.cwd())
    task_of: dict[Path | None, Any] = {}
    for job in to_do:
        before = task_of.get(job.after.folder if job.after else None)
        task_of[job.run.folder] = train_job.remote(job.run, root, before)
    job_of = dict(zip(task_of.values(), to_do, strict=True))
    failures: dict[str, str] = {}
    with _progress() as progress:
        show = _shower(progress, jobs)
        waiting = list(job_of)
        while waiting:
            done, waiting = ray.wait(waiting, timeout=_POLL_S)
            for task in done:
                try:
                    ray.get(task)
                except RayError as error:
                    failures[str(job_of[task].run.folder)] = _reason(error)
                _write_rows(name, jobs)
            show([job_of[task] for task in waiting])
    return failures


def _reason(error: RayError) -> str:
    """Return the innermost message of an error that crossed processes, in one line."""
    return str(getattr(error, "cause", None) or error).strip().splitlines()[-1].strip()


def _write_rows(name: str, jobs: Sequence[Job]) -> list[ResultRow]:
    rows = [read_row(job.run.folder) for job in jobs if job.is_finished]
    write_table(SWEEPS / f"{name}.parquet", rows)
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
def _locked(name: str) -> Iterator[None]:
    """Hold the sweep's lock; raise ConfigError when another process does."""
    SWEEPS.mkdir(parents=True, exist_ok=True)
    with (SWEEPS / f".{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"the sweep {name!r} is running already; wait, or give another name") from None
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
    table = Table("environment", "run", "sparsity", "int8", "return", "IQM", "weights", "live", "seconds")
    for row in rows:
        table.add_row(
            row.env_id,
            row.name,
            f"{row.sparsity:.2%}",
            "yes" if row.qat else "",
            f"{row.return_mean:,.0f} ± {row.return_std:,.0f}",
            f"{row.return_iqm:,.0f}",
            *("" if n is None else f"{n:,.0f}" for n in (row.nnz, row.live, row.seconds)),
        )
    return table


def _list_of(kind: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    return lambda text: [kind(item) for item in text.split(",")]


_QAT = {"both": [False, True], "with": [True], "without": [False]}


def parse_sweep(arguments: list[str] | None = None) -> tuple[argparse.Namespace, Grid]:
    """Return the options and the grid of the command line; raise ConfigError when it describes none."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("name", help="of the sweep, its table and the folders of its runs")
    add("--grid", type=Path, help="TOML with the settings below as keys, which the options replace")
    add("--environments", type=_list_of(str), help="such as Hopper,Ant")
    add("--sparsities", type=_list_of(float), help="fractions of zeros, such as 0,0.9,0.98; 0 is dense")
    add("--seeds", type=_list_of(int), help="such as 1,2,3")
    add("--qat", choices=_QAT, help="int8 policies as well, only them, or none (both)")
    add("--steps", type=int, help="environment steps in float; the configuration's by default")
    add("--qat-steps", type=int, help="environment steps in int8; a fraction of those by default")
    add("--distill-steps", type=int, help="distil the sparse from the dense in so many steps")
    add("--address", help="host:port of a Ray cluster, or auto; this machine by default")
    add("--processes", type=int, help="runs at a time on this machine; its cores by default")
    add("--dry-run", action="store_true", help="only list the runs and how far each is")
    options = parser.parse_args(arguments)
    keys = ("environments", "sparsities", "seeds", "qat", "steps", "qat_steps", "distill_steps")
    options.qat = _QAT.get(options.qat)
    given = {key: getattr(options, key) for key in keys if getattr(options, key) is not None}
    return options, read_grid(options.grid, given)


def main() -> None:
    """Run the stage from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options, grid = parse_sweep()
    jobs = grid.jobs(options.name)
    if options.dry_run:
        Console().print(listing(jobs))
        return
    Console().print(table_of(sweep(options.name, jobs, options.address, options.processes)))
    print(f"written to {SWEEPS / options.name}.parquet")


if __name__ == "__main__":
    run_stage(main)
