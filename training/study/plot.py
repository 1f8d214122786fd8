"""The study's figures: return against what is pruned, and time of an action on CPU and FPGA."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ganglion.models.quant.schemes import Scheme
from ganglion.training.plot import figure, line_style
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
    """Draw the time of an action of each timed policy, in every runtime and on the first board."""
    teachers = by_teacher(row for row in rows if row.cpu is not None)
    if not teachers:
        return
    with figure(len(teachers), *pictures, columns=2) as panels:
        for axes, (name, group) in zip(panels, teachers.items(), strict=True):
            texts = [label(row.cell) for row in group]
            for index, runtime in enumerate(RUNTIMES):
                points = [
                    (place, each.median_us)
                    for place, row in enumerate(group)
                    for each in (() if row.cpu is None else row.cpu.runtimes)
                    if each.runtime == runtime
                ]
                style: dict[str, Any] = line_style(index) | {"linestyle": ""}
                axes.plot(
                    [us for _, us in points], [place for place, _ in points], **style, label=f"CPU, {runtime}"
                )
            built = [
                (place, row.hardware[0].us, row.hardware[0].board)
                for place, row in enumerate(group)
                if row.hardware and row.hardware[0].us is not None
            ]
            if built:
                style: dict[str, Any] = line_style(3) | {
                    "linestyle": "",
                    "color": "black",
                    "markerfacecolor": "black",
                }
                axes.plot([us for _, us, _ in built], [p for p, _, _ in built], **style, label=built[0][2])
            axes.set_yticks(range(len(texts)), texts, fontsize="x-small")
            axes.invert_yaxis()
            axes.set(title=name, xlabel="µs an action", xscale="log")
        panels[0].legend(fontsize="x-small")
