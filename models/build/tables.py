"""Tables on the terminal, as wide as what they hold: a number that is cut off is worse than a long line."""

from rich.console import Console
from rich.table import Table

_WIDEST = 1000
"""Characters that no table of ours needs."""


def whole_console(table: Table) -> Console:
    """Return a console of standard output on which the table's cells stand in a line each."""
    return Console(width=Console(width=_WIDEST).measure(table).maximum)


def print_whole(table: Table) -> None:
    """Print a table, no cell of which is cut off."""
    whole_console(table).print(table)
