"""Stage: pictures of whatever runs there are: return against sparsity, and learning curves; PNG and SVG.

Read are build/*/train/*/result.json, the sweeps' tables build/sweep/*.parquet and models/zoo/*/*/result.json.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD
from ganglion.models.build.pictures import figure, line_style, png_and_svg
from ganglion.models.build.spelling import spelled_command
from ganglion.models.zoo import ZOO
from ganglion.training.plot import draw_curve
from ganglion.training.records import DELTA_PHASE, RESULT_FILE, read_curve, read_result
from ganglion.training.results import ResultRow, read_row, read_table
from ganglion.training.statistics import Interval, Statistics

_SAME_SPARSITY = 0.005
"""Sparsities that round to the same multiple of this share a point: layer sizes make them a little uneven."""
_SAME_DENSITY = 0.95
"""So do those of which the sparser one has more than this share of weights: int8 makes a few more zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSettings:
    """What is drawn, and where to."""

    build: Path = BUILD
    """Where runs lie."""
    zoo: Path = ZOO
    """Where shipped policies lie."""
    to: Path | None = None
    """The pictures' folder; build/figures by default."""


def gather(build: Path, zoo: Path) -> list[ResultRow]:
    """Return every result once, in a fixed order; a run without a result yet is left out.

    So are policies with thresholds, whose return is that of delta inference (`delta-figure` shows them).
    """
    folders = sorted([*build.glob("*/train/*"), *zoo.glob("*/*")])
    finished = [folder for folder in folders if (folder / RESULT_FILE).exists()]
    rows = [read_row(folder) for folder in finished if read_result(folder).phase != DELTA_PHASE]
    for table in sorted((build / "sweep").glob("*.parquet")):
        rows += read_table(table)
    return list(dict.fromkeys(rows))


def figures(build: Path, zoo: Path, folder: Path) -> list[Path]:
    """Draw all that can be drawn into `folder` and return the pictures; raise ConfigError for nothing."""
    rows = gather(build, zoo)
    if not rows:
        raise ConfigError(
            f"no result.json under {build} or {zoo}; train something: {spelled_command('train', 'Hopper')}"
        )
    pictures = png_and_svg(folder / "return-against-sparsity")
    groups = _grouped(rows)
    compared = [rows for rows in groups.values() if _unit(rows) > 0]  # a ratio to a loss says nothing
    with figure(len(groups) + (len(compared) > 1), *pictures) as panels:
        for (title, found), axes in zip(groups.items(), panels, strict=False):
            draw_sparsity(axes, found)
            axes.set(title=title, ylabel="return")
        if len(compared) > 1:
            draw_sparsity(panels[-1], [row for rows in compared for row in _relative(rows)])
            panels[-1].set(title=_counted(compared), ylabel="return / dense return")
        panels[0].legend(fontsize="small", loc="lower left")
    return pictures + _curves(build, zoo, folder)


def _grouped(rows: Sequence[ResultRow]) -> dict[str, list[ResultRow]]:
    """Return the rows of each environment, algorithm and network by a panel's title, in a fixed order."""
    groups: dict[str, list[ResultRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.env_id, row.algorithm, row.network or "")):
        groups[_title(row, rows)].append(row)
    return groups


def _title(row: ResultRow, rows: Sequence[ResultRow]) -> str:
    """Return the environment, and the algorithm and the network where there are several of it."""
    others = [other for other in rows if other.env_id == row.env_id]
    parts = [row.env_id]
    networks = len({other.network for other in others}) > 1
    parts += [row.algorithm] if networks or len({other.algorithm for other in others}) > 1 else []
    parts += [row.network] if networks and row.network else []
    return ", ".join(parts)


def _counted(groups: Sequence[Sequence[ResultRow]]) -> str:
    environments = len({rows[0].env_id for rows in groups})
    algorithms = len({rows[0].algorithm for rows in groups})
    words = f"{environments} environment{'s' * (environments > 1)}"
    return words if algorithms == 1 else f"{words}, {algorithms} algorithms"


def draw_sparsity(axes: Axes, rows: Sequence[ResultRow]) -> None:
    """Draw rows as Ivanov et al.'s Figure 4: float and int8 over sparsity, the dense float ones as a band.

    A point is the mean over seeds and environments; see `_level` for its bar. Sparsities are evenly spaced.
    """
    groups: dict[tuple[bool, float], list[ResultRow]] = defaultdict(list)
    ticks_of = _ticks({_rounded(row) for row in rows})
    for row in rows:
        groups[row.qat, ticks_of[_rounded(row)]].append(row)
    dense = groups.pop((False, 0.0), None)
    tops = []
    if dense:
        mean, (low, high) = _level(dense)
        tops.append(high)
        axes.axhspan(low, high, color="#999999", alpha=0.3, linewidth=0)
        axes.axhline(mean, color="#555555", linewidth=1, label="dense, float")
    ticks = sorted({sparsity for _, sparsity in groups})
    for index, (is_int8, label) in enumerate(((False, "sparse, float"), (True, "int8"))):
        present = [sparsity for sparsity in ticks if (is_int8, sparsity) in groups]
        if not present:
            continue
        levels = [_level(groups[is_int8, sparsity]) for sparsity in present]
        means, ends = np.array([mean for mean, _ in levels]), np.array([ends for _, ends in levels])
        tops.append(float(ends.max()))
        places = [ticks.index(sparsity) for sparsity in present]
        bars = np.abs(ends.T - means)
        axes.errorbar(places, means, yerr=bars, capsize=2, label=label, **line_style(index))
    axes.set_xticks(range(len(ticks)), [f"{100 * sparsity:g}" for sparsity in ticks])
    axes.set(xlabel="sparsity in % of the weights", xlim=(-0.5, max(len(ticks), 1) - 0.5))
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), max(tops) + 0.08 * abs(max(tops)))


def _ticks(sparsities: set[float]) -> dict[float, float]:
    """Return the sparsity at whose tick each one is drawn; none is drawn as dense."""
    ticks: dict[float, float] = {}
    tick = 0.0
    for sparsity in sorted(sparsities):
        if tick == 0 or 1 - sparsity < _SAME_DENSITY * (1 - tick):
            tick = sparsity
        ticks[sparsity] = tick
    return ticks


def _rounded(row: ResultRow) -> float:
    return round(row.sparsity / _SAME_SPARSITY) * _SAME_SPARSITY


def _unit(rows: Sequence[ResultRow]) -> float:
    """Return the mean return of the dense policies; 0 without any."""
    dense = [row.return_mean for row in rows if not row.qat and _rounded(row) == 0]
    return float(np.mean(dense or [0.0]))


def _relative(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return one environment's rows in units of the mean return of its dense policies."""
    unit = _unit(rows)
    return [
        replace(row, return_mean=row.return_mean / unit, return_std=row.return_std / unit) for row in rows
    ]


def _level(rows: Sequence[ResultRow]) -> tuple[float, Interval]:
    """Return the mean of the runs' returns and the ends of its bar.

    That is the bootstrap interval over seeds, stratified by environment, algorithm and network; for one seed
    each, which has none, the standard deviation: of the episodes of a single run, else of the environments.
    """
    strata: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        strata[f"{row.env_id} {row.algorithm} {row.network}"].append(row.return_mean)
    statistics = Statistics.stratified(list(strata.values()))
    std = rows[0].return_std if len(rows) == 1 else statistics.std
    return statistics.mean, statistics.mean_ci95 or (statistics.mean - std, statistics.mean + std)


def _curves(build: Path, zoo: Path, folder: Path) -> list[Path]:
    """Draw the learning curves of each environment, one panel a run; return the pictures."""
    found: dict[str, list[Path]] = defaultdict(list)
    for curve in sorted([*build.glob("*/train/*/curve.jsonl"), *zoo.glob("*/*/curve.jsonl")]):
        environment = curve.relative_to(zoo).parts[0] if curve.is_relative_to(zoo) else curve.parts[-4]
        if read_curve(curve):
            found[environment].append(curve)
    pictures: list[Path] = []
    for environment, curves in found.items():
        names = png_and_svg(folder / f"curves-{environment}")
        with figure(len(curves), *names, columns=2) as panels:
            for curve, axes in zip(curves, panels, strict=True):
                draw_curve(axes, read_curve(curve))
                axes.set_title(f"{environment}, {curve.parent.name}", fontsize="medium")
        pictures += names
    return pictures


def run(settings: FigureSettings) -> None:
    """Draw the pictures and print their names."""
    folder = settings.to or settings.build / "figures"
    print("\n".join(map(str, figures(settings.build, settings.zoo, folder))))
