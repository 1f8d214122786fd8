"""The port of a flow: what makes a bit file of an accelerator, and what it says of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ganglion.hw.design.design import Design
from ganglion.hw.target.board import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class BitFile:
    """What a flow made, once the clock was met.

    files: what it wrote into its folder, the bit file first. clock_mhz: what place and route reached, less
    than the design's where the flow then lowers the clock. resources: what was placed, by the tool's names.
    seed: the one taken of several, None where the tool has none. tools: the version of each tool that ran.
    runs_mhz: the clock that the board's generator makes, or that the hwh sets, None where that is the
    design's. baud, line_us: the serial line's, and how long it takes for an inference's bytes; None where
    there is none. power_w: the tool's estimate of the part's power, None where it makes none.
    """

    files: tuple[Path, ...]
    clock_mhz: float
    resources: dict[str, int]
    seed: int | None
    tools: dict[str, str]
    runs_mhz: float | None = None
    baud: int | None = None
    line_us: float | None = None
    power_w: float | None = None


class Flow(Protocol):
    """A way from RTL to a bit file; listed in hw/flows/registry.py and named by the families it is for."""

    @property
    def name(self) -> str:
        """How families name it."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """Of `seeds` and `activity` (gates/activity.saif) those that its bit file depends on."""
        ...

    def unavailable(self, board: Board) -> str | None:
        """Return why it cannot make a bit file for `board` on this machine, None when it can."""
        ...

    def tools(self) -> dict[str, str]:
        """Return the version, or the path, of each tool found: with another, a bit file is made again."""
        ...

    def build(self, design: Design, folder: Path, seeds: int) -> BitFile:
        """Write the bit file into the empty `folder`, where it stands only if the clock is met.

        The design has its shells. seeds: how many placements may be tried.
        Raises ToolError when a tool fails, is late, or no seed meets design.clock_mhz where that is fixed.
        """
        ...
