"""One style for every picture: readable in print, in grey too, with text that stays text.

Only what draws imports it: models alone installs no matplotlib.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl

from ganglion.models.build.files import atomic_path

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

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
def figure(
    n_panels: int,
    *pictures: Path,
    columns: int = 3,
    inches: tuple[float, float] | None = None,
    title: str = "",
) -> Iterator[Sequence[Axes]]:
    """Yield the panels of a new figure, which is written to `pictures` (by their suffix) afterwards.

    inches: the figure's width and height, None for what its panels take. title: above all panels.
    """
    columns = min(n_panels, columns)
    rows = -(-n_panels // columns)
    size = inches or ((7.0, 4.2) if n_panels == 1 else (3.4 * columns, 2.7 * rows))
    with plt.rc_context(STYLE):
        drawn, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
        panels = list(grid.flat)
        for unused in panels[n_panels:]:
            unused.set_axis_off()
        if title:
            drawn.suptitle(title)
        try:
            yield panels[:n_panels]
            for picture in pictures:
                with atomic_path(picture) as temporary:
                    # Without a date two runs over the same results write the same bytes.
                    metadata = {"Date": None} if picture.suffix == ".svg" else None
                    drawn.savefig(temporary, dpi=_PNG_DPI, format=picture.suffix[1:], metadata=metadata)
        finally:
            plt.close(drawn)
