"""The study's figures: return against what is pruned, and time of an action on CPU and FPGA."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from ganglion.models.build.pictures import figure, line_style
from ganglion.models.quant.schemes import Scheme
from ganglion.training.study.infer import RUNTIMES
from ganglion.training.study.records import Row
from ganglion.training.study.tables import label


def by_teacher(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of each teacher, in their order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.cell.teacher.name, []).append(row)
    return found


def draw_returns(rows: Sequence[Row], pictures: Sequence[Path]) -> None:
    """Draw each teacher's return against the part that is pruned: float filled, static int8 hollow."""
    teachers = by_teacher(rows)
    with figure(len(teachers), *pictures) as panels:
        for axes, (name, group) in zip(panels, teachers.items(), strict=True):
            dense = {row.cell.scheme: row.returns.return_mean for row in group if row.cell.pruning is None}
            prunings = dict.fromkeys(row.cell.pruning for row in group if row.cell.pruning is not None)
            for index, pruning in enumerate(prunings):
                for scheme, hollow in ((Scheme.FLOAT, False), (Scheme.PTSQ, True)):
                    line = [row for row in group if row.cell.pruning is pruning and row.cell.scheme is scheme]
                    if not line:
                        continue
                    style: dict[str, Any] = line_style(index) | {"linestyle": ":" if hollow else "-"}
                    style |= {"markerfacecolor": "white" if hollow else style["color"]}
                    axes.plot(
                        [0.0, *(100 * row.cell.fraction for row in line)],
                        [dense[scheme], *(row.returns.return_mean for row in line)],
                        **style,
                        label=f"{pruning.value}, {scheme.value}",
                        markersize=4,
                    )
            axes.set(title=name, xlabel="pruned, %", ylabel="return")
        panels[0].legend(fontsize="x-small")


def draw_times(rows: Sequence[Row], pictures: Sequence[Path]) -> None:
    """Draw the time of an action of each timed policy, in every runtime and on every board that holds it."""
    teachers = by_teacher(row for row in rows if row.cpu is not None)
    if not teachers:
        return
    boards = dict.fromkeys(built.board for row in rows for built in row.hardware if built.us is not None)
    with figure(len(teachers), *pictures, columns=2) as panels:
        for axes, (name, group) in zip(panels, teachers.items(), strict=True):
            for index, runtime in enumerate(RUNTIMES):
                times = [_runtime_us(row, runtime) for row in group]
                _draw_points(axes, times, f"CPU, {runtime}", line_style(index))
            for index, board in enumerate(boards, len(RUNTIMES)):
                times = [_board_us(row, board) for row in group]
                style = line_style(index) | {"color": "black", "markerfacecolor": "black"}
                _draw_points(axes, times, board, style)
            axes.set_yticks(range(len(group)), [label(row.cell) for row in group], fontsize="x-small")
            axes.invert_yaxis()
            axes.set(title=name, xlabel="µs an action", xscale="log")
        handles, names = panels[0].get_legend_handles_labels()
        whole = panels[0].figure
        whole.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize="x-small")


def _draw_points(axes: Axes, times: Sequence[float | None], name: str, line: dict[str, Any]) -> None:
    """Draw a time for each place from the top; None leaves it empty."""
    points = [(us, place) for place, us in enumerate(times) if us is not None]
    style: dict[str, Any] = line | {"linestyle": "", "label": name}
    axes.plot([us for us, _ in points], [place for _, place in points], **style)


def _runtime_us(row: Row, runtime: str) -> float | None:
    measured = () if row.cpu is None else row.cpu.runtimes
    return next((each.median_us for each in measured if each.runtime == runtime), None)


def _board_us(row: Row, board: str) -> float | None:
    return next((built.us for built in row.hardware if built.board == board), None)
