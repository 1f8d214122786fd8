"""The study's tables: on the terminal, as Markdown, CSV and JSON."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table as RichTable

from ganglion.models.build.codec import encode
from ganglion.models.build.files import atomic_write
from ganglion.training.markdown import markdown
from ganglion.training.study.cells import Cell
from ganglion.training.study.infer import RUNTIMES
from ganglion.training.study.records import Hardware, Inference, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A title, columns and texts; what was not measured is empty."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    """What the last column refers to, each with its number."""

    def rich(self) -> RichTable:
        """Return it for a terminal."""
        table = RichTable(title=self.title, caption="\n".join(self.notes), caption_justify="left")
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="left" if index < 2 else "right")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """Return it as Markdown."""
        rows = (dict(zip(self.columns, row, strict=True)) for row in self.rows)
        notes = "".join(f"{note}  \n" for note in self.notes)
        return f"### {self.title}\n\n{markdown(self.columns, rows)}\n" + (f"\n{notes}" if notes else "")


def label(cell: Cell) -> str:
    """Return what a policy is called in tables and figures."""
    if cell.shipped is not None:
        return cell.shipped.name
    if cell.pruning is None:
        return cell.scheme.value
    return f"{cell.pruning.value} {100 * cell.fraction:g}%, {cell.scheme.value}"


def tables_of(rows: Sequence[Row]) -> list[Table]:
    """Return the table of returns and sizes, of this CPU, and of hardware."""
    return [_returns(rows), _cpu(rows), _hardware(rows)]


def _returns(rows: Sequence[Row]) -> Table:
    episodes = ", ".join(sorted({str(row.returns.episodes) for row in rows}))
    columns = ("teacher", "policy", "return", "worst", "falls", "widths", "weights", "stored, kB")
    lines = []
    for row in rows:
        found = row.returns
        lines.append(
            (
                row.cell.teacher.name,
                label(row.cell),
                f"{found.return_mean:,.0f} ± {found.return_std:,.0f}",
                f"{found.return_min:,.0f}",
                str(found.falls),
                "-".join(map(str, found.widths)),
                f"{found.weights:,}",
                f"{found.stored_bytes / 1000:,.1f}",
            )
        )
    return Table(title=f"Return over {episodes} episodes, and size", columns=columns, rows=tuple(lines))


def _cpu(rows: Sequence[Row]) -> Table:
    columns = ("teacher", "policy", "return", "stored, kB")
    columns += tuple(f"{name}, {what}" for name in RUNTIMES for what in ("µs", "MB"))
    lines = []
    for row in rows:
        if row.cpu is None:
            continue
        found = {each.runtime: each for each in row.cpu.runtimes}
        lines.append((*_head(row), *(text for name in RUNTIMES for text in _inference(found.get(name)))))
    processors = ", ".join(sorted({row.cpu.processor for row in rows if row.cpu is not None}))
    energy = _energy(rows)
    title = f"An action on one thread of {processors}: median time and peak resident memory; energy: {energy}"
    return Table(title=title, columns=columns, rows=tuple(lines))


def _energy(rows: Sequence[Row]) -> str:
    """Return where the processor's energy stands, or why it is unknown."""
    runtimes = [each for row in rows if row.cpu is not None for each in row.cpu.runtimes]
    reasons = sorted({each.energy_reason for each in runtimes if each.energy_reason is not None})
    return "; ".join(reasons) or "energy_uj in study.json"


def _head(row: Row) -> tuple[str, ...]:
    size = f"{row.returns.stored_bytes / 1000:,.1f}"
    return (row.cell.teacher.name, label(row.cell), f"{row.returns.return_mean:,.0f}", size)


def _inference(found: Inference | None) -> tuple[str, str]:
    return ("", "") if found is None else (f"{found.median_us:,.1f}", f"{found.resident_mb:,.0f}")


def _hardware(rows: Sequence[Row]) -> Table:
    columns = ("teacher", "policy", "return", "stored, kB", "board", "engine")
    columns += ("cycles", "µs", "LUT", "DSP", "BRAM", "nJ, estimated", "note")
    remarks = [build.reason or build.energy_reason for row in rows for build in row.hardware]
    numbers = {remark: f"{n}" for n, remark in enumerate(dict.fromkeys(filter(None, remarks)), 1)}
    lines = [
        (*_head(row), *_build(build), numbers.get(build.reason or build.energy_reason or "", ""))
        for row in rows
        for build in row.hardware
    ]
    notes = tuple(f"{number}: {remark}" for remark, number in numbers.items())
    return Table(title="The same policies in hardware", columns=columns, rows=tuple(lines), notes=notes)


def _build(build: Hardware) -> tuple[str, ...]:
    if build.cycles is None:
        return (build.board, *("" for _ in range(7)))
    energy = "" if build.energy_nj is None else " to ".join(f"{end:,.3g}" for end in build.energy_nj)
    counts = (f"{build.cycles:,}", f"{build.us:.2f}", f"{build.lut:,}", str(build.dsp), f"{build.bram:g}")
    return (build.board, build.engine or "", *counts, energy)


def missing_hardware(rows: Sequence[Row]) -> str | None:
    """Return one line that says how many policies have no hardware on a board, and why; None if all have."""
    builds = [build for row in rows for build in row.hardware]
    reasons = Counter(build.reason for build in builds if build.reason is not None)
    if not reasons:
        return None
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    return f"no hardware for {reasons.total()} of {len(builds)} pairs of policy and board: {why}"


def write_tables(root: Path, rows: Sequence[Row], tables: Sequence[Table]) -> None:
    """Write study.json (everything), study.csv (a line for each policy) and study.md."""
    atomic_write(root / "study.json", json.dumps({"rows": [encode(row) for row in rows]}, indent=2) + "\n")
    atomic_write(root / "study.md", "\n".join(table.markdown() for table in tables))
    lines = [_flat(row) for row in rows]
    columns = list(dict.fromkeys(key for line in lines for key in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(lines)
    atomic_write(root / "study.csv", text.getvalue())


def _flat(row: Row) -> dict[str, Any]:
    """Return one line of the CSV."""
    cell, found = row.cell, row.returns
    line: dict[str, Any] = {
        "environment": cell.teacher.environment,
        "algorithm": cell.teacher.algorithm,
        "seed": cell.teacher.seed,
        "policy": label(cell),
        "scheme": cell.scheme.value,
        "pruning": "" if cell.pruning is None else cell.pruning.value,
        "fraction": cell.fraction,
    }
    known = ("return_mean", "return_std", "return_min", "falls", "episodes", "weights", "stored_bytes")
    line |= {key: getattr(found, key) for key in known} | {"widths": "-".join(map(str, found.widths))}
    for each in () if row.cpu is None else row.cpu.runtimes:
        values = {"us": each.median_us, "p99_us": each.p99_us, "mb": each.resident_mb, "uj": each.energy_uj}
        line |= {f"{each.runtime}_{key}": value for key, value in values.items()}
    for build in row.hardware:
        for key in ("cycles", "us", "lut", "dsp", "bram", "reason"):
            line[f"{build.board}_{key}"] = getattr(build, key)
        line |= {
            f"{build.board}_{end}_nj": v
            for end, v in zip(("least", "most"), build.energy_nj or ("", ""), strict=True)
        }
    return line
