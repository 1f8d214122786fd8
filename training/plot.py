"""The learning curve as a picture."""

import json
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

from models.artifacts import atomic_path

mpl.use("Agg")
from matplotlib import pyplot as plt


def plot_curve(curve: Path, picture: Path, title: str) -> None:
    """Draw return (mean ± standard deviation) and sparsity against environment steps into a PNG."""
    entries = [json.loads(line) for line in curve.read_text().splitlines()]
    steps = [entry["step"] for entry in entries]
    mean = [entry["return_mean"] for entry in entries]
    low = [entry["return_mean"] - entry["return_std"] for entry in entries]
    high = [entry["return_mean"] + entry["return_std"] for entry in entries]
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    axes.fill_between(steps, low, high, alpha=0.25, linewidth=0)
    axes.plot(steps, mean, marker=".")
    axes.set(
        title=title, xlabel="environment steps", ylabel="return (mean ± standard deviation)", ylim=(0, None)
    )
    starts = [b["step"] for a, b in pairwise(entries) if a["phase"] != b["phase"]]
    for step in starts:
        axes.axvline(step, color="grey", linestyle=":")
        axes.annotate(" int8", (step, 0.02), xycoords=("data", "axes fraction"), fontsize="small")
    if any(entry["sparsity"] for entry in entries):
        right = axes.twinx()
        right.plot(steps, [100 * entry["sparsity"] for entry in entries], color="tab:green", linestyle="--")
        right.set(ylabel="sparsity in % (dashed)", ylim=(0, 100))
    with atomic_path(picture) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
    plt.close(figure)
