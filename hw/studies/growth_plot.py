"""Cycles and LUTs of the engines against the live nonzero weights, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from ganglion.models.build.files import atomic_path

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import StrMethodFormatter

# Colours that the colour-blind tell apart, and markers for print without any.
STYLES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "v"))
PANELS = {"latency_cycles": "cycles from input to answer", "lut": "LUT"}
DENSE_COLOUR = "0.35"


def plot_growth(rows: Sequence[dict[str, Any]], picture: Path, title: str) -> None:
    """Draw the rows of growth.json into a file of the kind that its suffix names.

    Lines join random networks, black-edged markers are trained policies, hollow ones are predictions.
    """
    figure, panels = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
    for axes, (key, label) in zip(panels, PANELS.items(), strict=True):
        _draw(axes, rows, key)
        axes.set(xscale="log", yscale="log", xlabel="live nonzero weights", ylabel=label)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.grid(which="major", alpha=0.3)
        _mark_sparsities(axes, rows)
    legend = [*panels[0].get_legend_handles_labels()[0], *_kinds()]
    figure.legend(handles=legend, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(title)
    with atomic_path(picture) as temporary:
        figure.savefig(
            temporary,
            dpi=150,
            format=picture.suffix[1:],
            metadata={"Date": None} if picture.suffix == ".svg" else None,
        )
    plt.close(figure)


def _draw(axes: Axes, rows: Sequence[dict[str, Any]], key: str) -> None:
    sparse = dict.fromkeys(row["engine"] for row in rows if row["engine"] != "dense")
    for engine, (colour, marker) in zip(sparse, STYLES, strict=False):
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
