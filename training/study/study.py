"""Stage: the study of quantization and pruning: a grid of policies on Ray, then this CPU, then hardware.

What is measured is not measured again; a killed study goes on. Tables and figures are written after each.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganglion.models.build.codec import decode_json
from ganglion.models.build.lock import locked
from ganglion.models.build.pictures import png_and_svg
from ganglion.models.build.tables import print_whole
from ganglion.models.quant.schemes import Scheme
from ganglion.models.sparsity import Pruning
from ganglion.training.cluster import cluster, failures_of, require_no
from ganglion.training.run import Run
from ganglion.training.statistics import floor_of
from ganglion.training.study.cells import Cell
from ganglion.training.study.cpu import is_measured, measure_cpu
from ganglion.training.study.hardware import measure_hardware
from ganglion.training.study.plot import draw_returns, draw_times
from ganglion.training.study.progress import counted, time_left
from ganglion.training.study.records import RETURNS_FILE, Returns, Row, folder_of
from ganglion.training.study.returns import measure_job, observations_of
from ganglion.training.study.settings import StudySettings
from ganglion.training.study.stages import hardware_stage, returns_stage
from ganglion.training.study.tables import Table, missing_hardware, tables_of, write_tables
from ganglion.training.study.teachers import Source
from ganglion.training.sweep import sweep
from ganglion.training.threads import use_one_fast_thread

log = logging.getLogger(__name__)


def measure_returns(settings: StudySettings, sources: Sequence[Source]) -> list[Returns]:
    """Return returns.json of every policy; those that are missing are made and measured on Ray."""
    root, episodes = settings.root, settings.episodes
    cells = [(cell, _trained(cell, each)) for each in sources for cell in settings.cells(each)]
    to_do = [pair for pair in cells if not returns_stage(root, pair[0], episodes, pair[1]).is_current()]
    log.info("study: %d policies, %d of them to be made and played", len(cells), len(to_do))
    for teacher in {cell.teacher.name: cell.teacher for cell, _ in to_do}.values():
        observations_of(root, teacher)
    if to_do:
        with cluster(settings.address, settings.processes):
            tasks = {
                measure_job.remote(root, cell, episodes, trained, str(Path.cwd())): cell.name
                for cell, trained in to_do
            }
            require_no(failures_of(tasks, _shower(len(tasks))), len(tasks))
    return [decode_json(Returns, folder_of(root, cell) / RETURNS_FILE) for cell, _ in cells]


def _shower(total: int) -> Callable[[Sequence[Any]], None]:
    """Return what says how many are played, whenever one more is."""
    start, said = time.monotonic(), 0

    def show(waiting: Sequence[Any]) -> None:
        nonlocal said
        done = total - len(waiting)
        if done > said:
            log.info("study: returns, %d of %d%s", done, total, time_left(start, done, total))
        said = done

    return show


def _trained(cell: Cell, source: Source) -> Run | None:
    return source.qat if cell.scheme is Scheme.QAT and cell.shipped is None else None


def chosen(returns: Sequence[Returns], keep: float) -> list[Cell]:
    """Return what is timed and built: the unpruned and shipped ones, and each pruning's strongest that holds.

    That is the largest fraction whose static int8, or float where there is none, keeps the part `keep` of
    the unpruned float policy's return; the float one at that fraction comes with it.
    """
    floors = {
        each.cell.teacher.name: floor_of(each.return_mean, keep)
        for each in returns
        if each.cell.scheme is Scheme.FLOAT and each.cell.pruning is None
    }
    schemes = {each.cell.scheme for each in returns if each.cell.pruning is not None}
    judged = Scheme.PTSQ if Scheme.PTSQ in schemes else Scheme.FLOAT
    strongest: dict[tuple[str, Pruning], float] = {}
    for each in returns:
        cell = each.cell
        if (
            cell.pruning is not None
            and cell.scheme is judged
            and each.return_mean >= floors[cell.teacher.name]
        ):
            key = (cell.teacher.name, cell.pruning)
            strongest[key] = max(cell.fraction, strongest.get(key, 0.0))
    return [
        each.cell
        for each in returns
        if each.cell.pruning is None
        or strongest.get((each.cell.teacher.name, each.cell.pruning)) == each.cell.fraction
    ]


def study(settings: StudySettings) -> list[Row]:
    """Bring the study to its end and return a row for each policy; what is measured is written on the way."""
    root, sources = settings.root, settings.sources()
    if jobs := [job for source in sources for job in source.jobs]:
        steps = sum(job.last_step - job.step for job in jobs)
        log.info("study: %d training runs, %d environment steps of them left", len(jobs), steps)
        sweep(root / "runs.parquet", jobs, settings.address, settings.processes)
    returns = measure_returns(settings, sources)
    rows = [Row(returns=each, cpu=None) for each in returns]
    _write(root, rows)
    picked = chosen(returns, settings.keep)
    left = [(cell.name, cell) for cell in picked if not is_measured(root, cell)]
    for cell in counted("on this CPU", left):
        measure_cpu(root, cell)
    cpus = {cell.name: measure_cpu(root, cell) for cell in picked}
    rows = [replace(row, cpu=cpus.get(row.cell.name)) for row in rows]
    _write(root, rows)
    return _built(settings, picked, rows) if settings.hardware else rows


def _built(settings: StudySettings, picked: Sequence[Cell], rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the hardware of those that are picked."""
    root, targets = settings.root, settings.targets
    pairs = [(cell, target) for target in targets for cell in picked]
    left = [
        (f"{cell.name} on {target.board}", (cell, target))
        for cell, target in pairs
        if cell.scheme.is_static and not hardware_stage(root, cell, target).is_current()
    ]
    for cell, target in counted("in hardware", left):
        measure_hardware(root, cell, target)
    builds = {cell.name: tuple(measure_hardware(root, cell, target) for target in targets) for cell in picked}
    return [replace(row, hardware=builds.get(row.cell.name, ())) for row in rows]


def _write(root: Path, rows: Sequence[Row]) -> list[Table]:
    """Write the tables and figures of what is measured, and return the tables."""
    tables = [table for table in tables_of(rows) if table.rows]
    write_tables(root, rows, tables)
    for name, draw in (("returns", draw_returns), ("times", draw_times)):
        draw(rows, png_and_svg(root / name))
    return tables


def run(settings: StudySettings) -> None:
    """Measure, print the tables, and write them and the figures."""
    use_one_fast_thread()
    with locked(settings.root):
        rows = study(settings)
        tables = _write(settings.root, rows)
    for table in tables:
        print_whole(table.rich())
    if missing := missing_hardware(rows):
        print(missing)
    print(f"written to {settings.root}")
