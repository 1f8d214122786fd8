"""Place and route by nextpnr with one seed after the other, until the clock is met."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.design.design import Design
from ganglion.hw.flows.nextpnr.architecture import ROUTED, Architecture
from ganglion.hw.flows.tool import run_tool
from ganglion.hw.target.wiring import Wiring
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import read_json

DEADLINE_S = 3600
# nextpnr's table of what a design takes, "Info:  ICESTORM_LC:  5400/ 5280  102%".
_UTILISATION = re.compile(r"^Info:\s+(\w+):\s*(\d+)/\s*(\d+)\s+\d+%", re.MULTILINE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a seed reached: the slowest clock in MHz, the cells of each kind that were placed; its files."""

    seed: int
    folder: Path
    clock_mhz: float
    resources: dict[str, int]


def place_best(
    architecture: Architecture, design: Design, work: Path, clock_mhz: float, seeds: int
) -> Placement:
    """Return the first placement that meets the clock, or the fastest of so many seeds.

    Raises ToolError when nextpnr fails, and says which resource is short when the design is too large.
    """
    best: Placement | None = None
    for seed in range(1, seeds + 1):
        folder = work / f"seed{seed}"
        placed = _place(architecture, design, work, folder, clock_mhz, seed)
        log.info(
            "bitstream: seed %d of %d: %g MHz, %g are asked for", seed, seeds, placed.clock_mhz, clock_mhz
        )
        if best is None or placed.clock_mhz > best.clock_mhz:
            best = placed
        if best.clock_mhz >= clock_mhz:
            break
    assert best is not None
    return best


def nextpnr_arguments(architecture: Architecture, wiring: Wiring, clock_mhz: float, seed: int) -> list[str]:
    """Return what nextpnr is called with: an option once, which some of its programs insist on."""
    return [
        *("--json", "netlist.json", "--write", ROUTED),
        *("--report", "timing.json", "--timing-allow-fail"),
        *("--freq", f"{clock_mhz:.3f}", "--seed", str(seed)),
        *architecture.place(wiring),
    ]


def _place(
    architecture: Architecture, design: Design, work: Path, folder: Path, clock_mhz: float, seed: int
) -> Placement:
    assert design.board.wiring is not None
    folder.mkdir()
    for file in (work / "netlist.json", *work.glob("pins.*")):
        (folder / file.name).hardlink_to(file)
    log_file = folder / "nextpnr.log"
    arguments = nextpnr_arguments(architecture, design.board.wiring, clock_mhz, seed)
    tool = architecture.nextpnr
    try:
        run_tool([*tool.command, *arguments], log_file, DEADLINE_S, name=tool.name)
    except ToolError as error:
        raise ToolError(_too_large(design, log_file.read_text(errors="replace")) or str(error)) from None
    report = read_json(folder / "timing.json", ToolError)
    clocks = [clock["achieved"] for clock in report["fmax"].values()]
    if not clocks:
        raise ToolError(f"{tool.name} says nothing of the clock; see {log_file}")
    used = {name: each["used"] for name, each in report["utilization"].items() if each["used"]}
    return Placement(seed=seed, folder=folder, clock_mhz=round(min(clocks), 2), resources=used)


def _too_large(design: Design, said: str) -> str | None:
    """Return which resources the part has too few of, None when it has enough."""
    short = [
        f"{int(used):,} {kind} of {int(there):,}"
        for kind, used, there in _UTILISATION.findall(said)
        if int(used) > int(there)
    ]
    if not short:
        return None
    return f"{design.name} takes {', '.join(short)} that {design.board.name} has; take a larger board"
