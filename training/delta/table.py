"""The table of a study, for the terminal."""

from rich.table import Table

from ganglion.models.build.tables import print_whole
from ganglion.models.environments import is_game
from ganglion.training.delta.measure import DeltaReport, Measured
from ganglion.training.statistics import as_precise, mean_and_std

_COLUMNS = ("thresholds", "multiplications", "fewer", "by layer", "sent, %", "return", "worst")


def print_table(report: DeltaReport) -> None:
    """Print a line for each setting of thresholds; "sent" is the part of each layer's inputs."""
    counts_falls = not is_game(report.env)
    table = Table(title=f"{report.env}, {report.policy}: multiplications a step")
    for column in (*_COLUMNS, *(["falls"] if counts_falls else [])):
        table.add_column(column, justify="left" if column == "thresholds" else "right")
    dense = sum(report.dense or ())

    def add(what: str, layers: tuple[float, ...], *cells: str) -> None:
        total = sum(layers)
        times = f"{dense / total:,.0f}x" if dense and total else ""
        table.add_row(what, f"{total:,.0f}", times, " ".join(f"{each:,.0f}" for each in layers), *cells)

    def add_measured(what: str, each: Measured) -> None:
        sent = " ".join(f"{100 * part:.{0 if part >= 0.1 else 1}f}" for part in each.sent)
        returns = (
            mean_and_std(each.return_mean, each.return_std),
            as_precise(each.return_min, each.return_mean),
        )
        falls = (f"{each.falls} of {each.episodes}",) if counts_falls else ()
        named = f"{' '.join(map(str, each.thresholds))}{what}"
        add(named, each.multiplications, sent, *returns, *falls)

    if report.dense:
        add("dense actor", report.dense)
    add("pruned, all sent", report.pruned)
    for each in report.uniform:
        add_measured("" if any(each.thresholds) else " (exact)", each)
    for what, each in (("chosen", report.chosen), ("trained", report.trained)):
        if each is not None:
            add_measured(f" ({what})", each)
    print_whole(table)
