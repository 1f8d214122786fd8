"""What Vivado's text reports say: the primitives that were placed, and the power."""

import re

from ganglion.models.build.errors import ToolError

RESOURCES = (
    "Slice LUTs",
    "Slice Registers",
    "CLB LUTs",
    "CLB Registers",
    "DSPs",
    "RAMB36/FIFO",
    "RAMB18",
)
"""The rows of report_utilization that are kept; Slice is 7-series' word, CLB UltraScale+'s."""


def utilization(report: str) -> dict[str, int]:
    """Return how many of each of RESOURCES report_utilization's text says are used; ToolError for none."""
    rows = (re.split(r"\s*\|\s*", line.strip("| \n")) for line in report.splitlines() if line.startswith("|"))
    used = {row[0].rstrip("*"): row[1] for row in rows if len(row) > 1}
    counts = {name: int(used[name]) for name in RESOURCES if used.get(name, "").isdigit()}
    if not counts:
        raise ToolError(f"Vivado's utilization report has none of the rows {', '.join(RESOURCES)}")
    return counts


def total_power_w(report: str) -> float:
    """Return the total on-chip power in watts that the text of report_power says; ToolError without it."""
    found = re.search(r"^\|\s*Total On-Chip Power \(W\)\s*\|\s*([0-9.]+)", report, re.MULTILINE)
    if found is None:
        raise ToolError("Vivado's power report has no row Total On-Chip Power (W)")
    return float(found[1])
