"""Faults as changes of the text of a finished build's RTL."""

import re
from pathlib import Path

from tests.hw.bare import NODE

Fault = tuple[str, str, str]
"""Module, what stands there, and the fault in its place; of a node's own module, a pattern whose group is a
number, and what is added to it."""


def put_fault(rtl: Path, fault: Fault) -> None:
    """Put a fault into the module's file in the folder `rtl`."""
    module, find, replace = fault
    source = rtl / f"{module}.sv"
    text = source.read_text()
    if module == NODE:
        found = re.search(find, text)
        assert found, find
        at = found.span(1)
        source.write_text(f"{text[: at[0]]}{int(found.group(1)) + int(replace)}{text[at[1] :]}")
    else:
        assert text.count(find) == 1, find
        source.write_text(text.replace(find, replace))
