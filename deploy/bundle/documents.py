"""The README and the notebook of a bundle, from the texts beside this file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TEXTS = Path(__file__).parent


def readme(facts: Mapping[str, Any]) -> str:
    """Return the README of a bundle; a fact that it asks for and is missing raises KeyError."""
    return (_TEXTS / "readme.md.txt").read_text().format_map(facts)


def notebook(facts: Mapping[str, Any]) -> str:
    """Return a Jupyter notebook, nbformat 4.4, of the cells in notebook.py.txt.

    A cell begins with a line "# %%", for code, or "# %% [markdown]", whose lines are comments.
    """
    text = (_TEXTS / "notebook.py.txt").read_text().format_map(facts)
    cells = [_cell(*part.split("\n", 1)) for part in text.split("# %%")[1:]]
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    value = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(value, indent=1) + "\n"


def _cell(kind: str, text: str) -> dict[str, Any]:
    lines = text.strip().splitlines(keepends=True)
    if kind.strip() == "[markdown]":
        source = [line.removeprefix("# ").removeprefix("#") for line in lines]
        return {"cell_type": "markdown", "metadata": {}, "source": source}
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}
