"""Draw return against multiplications a step."""

from collections.abc import Sequence
from pathlib import Path

from ganglion.models.build.pictures import figure, line_style
from ganglion.training.delta.measure import DeltaReport


def draw(title: str, report: DeltaReport, pictures: Sequence[Path]) -> None:
    """Draw the policy from pruned over exact delta inference to thresholds; the dense actor is a mark."""
    uniform = report.uniform
    exact = uniform[0]
    with figure(1, *pictures) as (axes,):
        if report.dense:
            dense = sum(report.dense)
            axes.axvline(dense, color="#999999", linewidth=1)
            place = {"xycoords": ("data", "axes fraction"), "fontsize": "small", "ha": "right"}
            axes.annotate("dense actor ", (dense, 0.03), **place)
        counts, returns = [sum(report.pruned), exact.total], [exact.return_mean] * 2
        axes.plot(counts, returns, **line_style(0), label="pruned → exact delta")
        axes.errorbar(
            [each.total for each in uniform],
            [each.return_mean for each in uniform],
            yerr=[each.return_std for each in uniform],
            capsize=2,
            **line_style(1),
            label="one threshold for all layers",
        )
        for each in uniform[1:]:
            axes.annotate(
                f" {each.thresholds[0]}", (each.total, each.return_mean), fontsize="small", va="bottom"
            )
        for index, (what, each) in enumerate((("chosen", report.chosen), ("trained", report.trained)), 2):
            if each is not None:
                label = f"{what}: {', '.join(map(str, each.thresholds))}"
                axes.plot([each.total], [each.return_mean], **line_style(index), label=label)
        axes.set(xscale="log", xlabel="multiplications a step", ylabel="return, ± std", title=title)
        axes.set_ylim(min(0.0, axes.get_ylim()[0]), None)
        axes.legend(fontsize="small")
