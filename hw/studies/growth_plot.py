"""Cycles and LUTs of the engines against the live nonzero weights, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import StrMethodFormatter

from ganglion.models.build.pictures import figure, line_style

PANELS = {"latency_cycles": "cycles from input to answer", "lut": "LUT"}
DENSE_COLOUR = "0.35"


def plot_growth(rows: Sequence[dict[str, Any]], pictures: Sequence[Path], title: str) -> None:
    """Draw the rows of growth.json into each of `pictures`, of the kind that its suffix names.

    Lines join random networks, black-edged markers are trained policies, hollow ones are predictions.
    """
    with figure(len(PANELS), *pictures, inches=(9.0, 4.6), title=title) as panels:
        for axes, (key, label) in zip(panels, PANELS.items(), strict=True):
            _draw(axes, rows, key)
            axes.set(xscale="log", yscale="log", xlabel="live nonzero weights", ylabel=label)
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            _mark_sparsities(axes, rows)
        legend = [*panels[0].get_legend_handles_labels()[0], *_kinds()]
        panels[0].figure.legend(handles=legend, loc="outside lower center", ncols=4)


def _draw(axes: Axes, rows: Sequence[dict[str, Any]], key: str) -> None:
    sparse = dict.fromkeys(row["engine"] for row in rows if row["engine"] != "dense")
    for index, engine in enumerate(sparse):
        colour, marker = (line_style(index)[key] for key in ("color", "marker"))
        points = sorted((row for row in rows if row["engine"] == engine), key=lambda row: row["nnz_live"])
        line = [row for row in points if not row["trained"]]
        axes.plot([row["nnz_live"] for row in line], [row[key] for row in line], color=colour, linewidth=1)
        for row in points:
            axes.plot(
                row["nnz_live"],
                row[key],
                marker,
                color="white" if row["predicted"] else colour,
                markeredgecolor="black" if row["trained"] else colour,
                markersize=7 if row["trained"] else 6,
            )
        axes.plot([], [], color=colour, marker=marker, label=engine)
    for row in rows:
        if row["engine"] == "dense":
            axes.axhline(row[key], color=DENSE_COLOUR, linestyle="--", label="dense (FINN)")


def _mark_sparsities(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    marks = {row["nnz_live"]: f"{row['sparsity']:.0%}" for row in rows if not row["trained"]}
    top = axes.secondary_xaxis("top")
    top.set_xticks(list(marks), list(marks.values()), minor=False)
    top.set_xticks([], minor=True)
    top.tick_params(labelsize="small")
    top.set_xlabel("sparsity of the random networks", fontsize="small")


def _kinds() -> list[Line2D]:
    """Return legend entries for what a marker's edge and filling mean."""
    common = {"marker": "o", "linestyle": "", "markersize": 7}
    return [
        Line2D([], [], color="0.6", label="random network", **common),
        Line2D([], [], color="0.6", markeredgecolor="black", label="trained policy", **common),
        Line2D([], [], color="white", markeredgecolor="0.4", label="predicted", **common),
    ]
