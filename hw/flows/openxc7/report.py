"""What nextpnr-xilinx prints of a placed and routed design: the clock reached, and the cells used."""

import re

from ganglion.models.build.errors import ToolError


def reached_mhz(printed: str) -> float:
    """Return the clock that the slowest clock domain reached, in MHz; ToolError when none is named.

    It is estimated after placing and told again after routing: the last figure of each clock counts.
    """
    found = re.findall(r"Max frequency for clock\s+'?([^:']+)'?: ([0-9.]+) MHz", printed)
    if not found:
        raise ToolError("nextpnr-xilinx named no clock, so none can be said to be met")
    return min(float(mhz) for mhz in dict(found).values())


def cells_used(printed: str) -> dict[str, int]:
    """Return the number of cells of each type that were placed, types without any left out."""
    found = re.findall(r"^Info:\s+(\w+):\s+(\d+)/\s*\d+\s+\d+%$", printed, re.MULTILINE)
    return {name: int(count) for name, count in found if int(count)}
