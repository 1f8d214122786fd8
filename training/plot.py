"""A run's learning curve: the picture beside every result."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from ganglion.models.build.pictures import line_style


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
