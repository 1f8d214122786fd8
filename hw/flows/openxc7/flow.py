"""The flow of openXC7 for 7-series: yosys, nextpnr-xilinx with several seeds, prjxray.

The tools are not to be had from a package index and not here: the commands are those that were proven on
another machine, and are tested against stand-ins.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ganglion.hw.design.design import Design
from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.openxc7 import FLOW
from ganglion.hw.flows.openxc7.report import cells_used, reached_mhz
from ganglion.hw.flows.openxc7.tools import Tools, find_tools
from ganglion.hw.flows.tool import run_tool
from ganglion.hw.flows.yosys.run import run_script
from ganglion.hw.flows.yosys.run import tool as yosys
from ganglion.hw.flows.zynq.clock import board_clock
from ganglion.hw.flows.zynq.hwh import hwh
from ganglion.hw.shell.description import Shell
from ganglion.hw.target.board import Board, OpenPart
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_path, atomic_write
from ganglion.models.build.paths import BuildPaths

DEADLINE_S = 3600
TOP = "ganglion_pynq"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A placement by one seed that was routed: where its configuration lies, the clock reached, the cells."""

    seed: int
    fasm: Path
    clock_mhz: float
    resources: dict[str, int]


@dataclass(frozen=True, slots=True)
class OpenXc7:
    """openXC7 as its installations leave it in PATH and environment."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    name: str = "openxc7"

    def unavailable(self, board: Board) -> str | None:
        """Return why there is no bit file by openXC7, None when there can be."""
        found = self._find(board)
        return found if isinstance(found, str) else None
