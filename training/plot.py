"""One style for every picture: readable in print, in grey too, with text that stays text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl

from ganglion.models.build.files import atomic_path

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

STYLE = {
    "font.size": 9,
    "axes.titlesize": "medium",
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "ganglion",
}
LINES = (
    {"color": "#0072b2", "marker": "o", "linestyle": "-"},
    {"color": "#d55e00", "marker": "s", "linestyle": "--", "markerfacecolor": "white"},
    {"color": "#009e73", "marker": "^", "linestyle": "-."},
    {"color": "#555555", "marker": "D", "linestyle": ":", "markerfacecolor": "white"},
    {"color": "#cc79a7", "marker": "v", "linestyle": "-"},
    {"color": "#e69f00", "marker": "P", "linestyle": "--", "markerfacecolor": "white"},
)
"""Okabe and Ito's colours, told apart by everyone; marker and dashes tell them apart in grey."""

_PNG_DPI = 200


def line_style(index: int) -> dict[str, Any]:
    """Return how the line of this number looks; after the last style the first comes again."""
    return dict(LINES[index % len(LINES)])


def png_and_svg(stem: Path) -> list[Path]:
    """Return a picture's two files: <stem>.png and <stem>.svg."""
    return [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("png", "svg")]


@contextmanager
def figure(n_panels: int, *pictures: Path, columns: int = 3) -> Iterator[Sequence[Axes]]:
    """Yield the panels of a new figure, which is written to `pictures` (by their suffix) afterwards."""
    columns = min(n_panels, columns)
    rows = -(-n_panels // columns)
    size = (7.0, 4.2) if n_panels == 1 else (3.4 * columns, 2.7 * rows)
    with plt.rc_context(STYLE):
        drawn, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
        panels = list(grid.flat)
        for unused in panels[n_panels:]:
            unused.set_axis_off()
        try:
            yield panels[:n_panels]
            for picture in pictures:
                with atomic_path(picture) as temporary:
                    # Without a date two runs over the same results write the same bytes.
                    metadata = {"Date": None} if picture.suffix == ".svg" else None
                    drawn.savefig(temporary, dpi=_PNG_DPI, format=picture.suffix[1:], metadata=metadata)
        finally:
            plt.close(drawn)


def draw_curve(axes: Axes, entries: Sequence[dict[str, Any]]) -> None:
    """Draw a run's milestones: return (mean ± standard deviation) and sparsity against environment steps."""
    steps = [entry["step"] for entry in entries]
    mean = [entry["return_mean"] for entry in entries]
    low = [entry["return_mean"] - entry["return_std"] for entry in entries]
    high = [entry["return_mean"] + entry["return_std"] for entry in entries]
    style = line_style(0)
    axes.fill_between(steps, low, high, color=style["color"], alpha=0.25, linewidth=0)
    axes.plot(steps, mean, **style, markersize=3)
    axes.set(xlabel="environment steps", ylabel="return, ± std", ylim=(min(0.0, axes.get_ylim()[0]), None))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    for a, b in pairwise(entries):
        if a["phase"] != b["phase"]:
            axes.axvline(b["step"], color="grey", linestyle=":")
            label = "int8" if b["phase"] == "qat" else b["phase"]
            axes.annotate(
                f" {label}", (b["step"], 0.02), xycoords=("data", "axes fraction"), fontsize="small"
            )
    if any(entry["sparsity"] for entry in entries):
        right = axes.twinx()
        right.plot(steps, [100 * entry["sparsity"] for entry in entries], color="#555555", linestyle="--")
        right.set(ylabel="sparsity in % (dashed)", ylim=(0, 100))
        right.grid(visible=False)
