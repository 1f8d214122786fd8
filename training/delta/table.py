"""The table of a study, for the terminal."""

from rich.console import Console
from rich.table import Table

from ganglion.training.delta.measure import DeltaReport

_COLUMNS = ("thresholds", "multiplications", "fewer than dense", "by layer", "return", "worst", "falls")


def print_table(report: DeltaReport) -> None:
    """Print a line for each setting of thresholds."""
    table = Table(title=f"{report.env}, {report.policy}: multiplications a step")
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column == "thresholds" else "right")

    def add(what: str, layers: tuple[float, ...], *cells: str) -> None:
        total = sum(layers)
        times = f"{report.dense / total:,.0f}x" if report.dense and total else ""
        table.add_row(what, f"{total:,.0f}", times, " ".join(f"{each:,.0f}" for each in layers), *cells)

    if report.dense:
        table.add_row("dense actor", f"{report.dense:,}", "1x")
    add("pruned, all sent", report.pruned)
    lines = [(each, "" if any(each.thresholds) else " (exact)") for each in report.uniform]
    found = ((report.chosen, " (chosen)"), (report.trained, " (trained)"))
    lines += [(each, what) for each, what in found if each is not None]
    for each, what in lines:
        mean = f"{each.return_mean:,.0f} ± {each.return_std:,.0f}"
        falls = f"{each.falls} of {each.episodes}"
        named = f"{' '.join(map(str, each.thresholds))}{what}"
        add(named, each.multiplications, mean, f"{each.return_min:,.0f}", falls)
    Console(width=110).print(table)
