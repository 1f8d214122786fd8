"""Stage: one picture of every policy that was studied: return against multiplications, PNG and SVG."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD
from ganglion.models.build.pictures import figure, line_style, png_and_svg
from ganglion.models.build.spelling import spelled_command
from ganglion.models.zoo import ZOO
from ganglion.training.delta.measure import DeltaReport
from ganglion.training.records import RESULT_FILE, read_result
from ganglion.training.zoo import DENSE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaFigureSettings:
    """What is drawn, and where to."""

    build: Path = BUILD
    """Where the studies lie: <name>/delta/delta.json."""
    zoo: Path = ZOO
    """Where the dense references lie, whose returns begin the lines."""
    to: Path | None = None
    """The pictures' folder; build/figures by default."""


def draw_line(axes: Axes, report: DeltaReport, dense_return: float, index: int) -> None:
    """Draw a task from its dense actor over pruning and exact delta inference to thresholds.

    Both axes are relative to the dense actor.
    """
    assert report.dense
    exact = report.uniform[0]
    last = report.trained or report.chosen or exact
    dense = sum(report.dense)
    points = [
        (dense, dense_return),
        (sum(report.pruned), exact.return_mean),
        (exact.total, exact.return_mean),
        (last.total, last.return_mean),
    ]
    fewer = [dense / count for count, _ in points]
    label = f"{report.env}: {fewer[-1]:,.0f}x"
    axes.plot(fewer, [mean / dense_return for _, mean in points], label=label, **line_style(index))


def run(settings: DeltaFigureSettings) -> None:
    """Draw what `delta` measured of policies whose dense reference is known."""
    found = [decode_json(DeltaReport, path) for path in sorted(settings.build.glob("*/delta/delta.json"))]
    references = {
        result.env_id: result.return_mean
        for result in map(
            read_result, (path.parent for path in settings.zoo.glob(f"*/{DENSE}/{RESULT_FILE}"))
        )
    }
    reports = [report for report in found if report.dense and report.env in references]
    if not reports:
        raise ConfigError(
            f"{settings.build} holds no delta/delta.json of an environment with a dense reference; "
            f"measure one: {spelled_command('delta', 'Hopper')}"
        )
    folder = settings.to or settings.build / "figures"
    pictures = png_and_svg(folder / "delta")
    with figure(1, *pictures) as (axes,):
        for index, report in enumerate(reports):
            draw_line(axes, report, references[report.env], index)
        axes.set(xscale="log", xlabel="multiplications: times fewer than the dense actor's")
        axes.set(ylabel="return / the dense actor's")
        axes.set_ylim(0, 1.05 * axes.dataLim.ymax)
        axes.legend(fontsize="small", loc="lower left", title="dense → pruned → delta, exact → thresholds")
    print(f"written: {', '.join(map(str, pictures))}")
