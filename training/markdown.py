"""A table in Markdown: the zoo's, the games' and the study's."""

from collections.abc import Iterable, Mapping, Sequence


def markdown(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """Return a Markdown table; a cell that a row does not have is empty."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row.get(column, "") for column in columns) + " |" for row in rows]
    return "\n".join(lines)
