"""What each engine takes of the part against how soon it answers, as a picture."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from ganglion.hw.engines.engine import Candidate
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.pictures import figure, line_style

PLANNED_COLOUR = "0.5"
NAME_STYLE: dict[str, Any] = {"textcoords": "offset points", "fontsize": "x-small"}


def plot_explore(
    rows: Sequence[dict[str, Any]],
    planned: Sequence[Candidate],
    board: Board,
    pictures: Sequence[Path],
    title: str,
) -> None:
    """Draw the rows of explore.json, and candidates that were only planned, into each of `pictures`.

    A point is an engine: its latency, where that depends on data the most measured, and its share of the
    part's scarcest primitive. Hollow ones are planned; named are those that no other is better than in both.
    """
    with figure(1, *pictures, title=title) as (axes,):
        if planned:
            _draw_planned(axes, planned, board)
        _draw_measured(axes, rows, board, named=not planned)
        axes.axhline(1, color="black", linestyle=":", linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel="µs from input to answer")
        axes.set_ylabel(f"of {board.name}'s scarcest primitive")
        axes.margins(x=0.2, y=0.15)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.legend(fontsize="small")


def _draw_planned(axes: Axes, planned: Sequence[Candidate], board: Board) -> None:
    # Where several lie on one point the first of them gives the name.
    names = {
        (each.latency_cycles / board.clock_mhz, each.resources.share_of(board.resources)): " ".join(
            str(getattr(each.settings, name)) for name in each.varied
        )
        for each in reversed(planned)
    }
    label = f"planned: {', '.join(planned[0].varied)}"
    axes.plot(*zip(*names, strict=True), "o", color=PLANNED_COLOUR, markerfacecolor="none", label=label)
    for point, name in names.items():
        better = [other for other in names if other[0] <= point[0] and other[1] <= point[1]]
        if better == [point]:
            axes.annotate(name, point, xytext=(7, 0), va="center", **NAME_STYLE)


def _draw_measured(axes: Axes, rows: Sequence[dict[str, Any]], board: Board, *, named: bool) -> None:
    kinds = {row["engine"]: row["engine"].split(" ")[0] for row in rows}
    for index, kind in enumerate(dict.fromkeys(kinds.values())):
        alike = [row for row in rows if kinds[row["engine"]] == kind]
        shares = [
            Resources(**{each.name: row[each.name] for each in fields(Resources)}).share_of(board.resources)
            for row in alike
        ]
        style = line_style(index)
        look = {"linestyle": "", "markersize": 7, "markerfacecolor": style["color"], "label": kind}
        axes.plot([row["latency_us"] for row in alike], shares, **style | look)
        for row, share in zip(alike, shares, strict=True) if named else ():
            axes.annotate(row["engine"], (row["latency_us"], share), xytext=(7, 0), va="center", **NAME_STYLE)
