"""The flow of openXC7 for 7-series: yosys, nextpnr-xilinx by several seeds, prjxray.

The tools are in no package index, and no test runs them: the commands are those that were proven on another
machine, and are tested against stand-ins.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ganglion.hw.design.design import Design
from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.openxc7 import FLOW
from ganglion.hw.flows.openxc7.place import Routed, place
from ganglion.hw.flows.openxc7.tools import DEADLINE_S, Tools, find_tools, programs
from ganglion.hw.flows.tool import run_tool
from ganglion.hw.flows.yosys.run import run_script
from ganglion.hw.flows.yosys.run import tool as yosys
from ganglion.hw.flows.zynq.clock import board_clock
from ganglion.hw.flows.zynq.hwh import hwh
from ganglion.hw.shell.description import Shell
from ganglion.hw.target.board import Board
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_path, atomic_write
from ganglion.models.build.paths import BuildPaths

TOP = "ganglion_pynq"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenXc7:
    """openXC7 as its installations leave it in PATH and environment."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    name: str = "openxc7"

    def unavailable(self, board: Board) -> str | None:
        """Return why there is no bit file by openXC7, None when there can be."""
        found = self._find(board)
        return found if isinstance(found, str) else None

    def tools(self) -> dict[str, str]:
        """Return yosys' version, and where each program of openXC7 is that is on PATH."""
        return {"yosys": yosys()} | programs(self.environment)

    def build(self, design: Design, shell: Path, folder: Path, seeds: int) -> BitFile:
        """Write <name>.bit and .hwh, of the best of all seeds, at the design's clock or the one that is met.

        ToolError when a tool fails, is late, or no seed can be routed.
        """
        tools = self._find(design.board)
        if isinstance(tools, str):
            raise ToolError(tools)
        described = decode_json(Shell, shell / "shell.json", ToolError)
        netlist = synthesize(design, described, BuildPaths(root=design.root).work / "openxc7")
        routed = place(tools, netlist.resolve(), design, seeds)
        return write_files(tools, routed, design, described, folder.resolve())

    def _find(self, board: Board) -> Tools | str:
        if board.open_part is None:
            return f"openXC7 is not known to build for {board.name}"
        return find_tools(board.open_part, self.environment)


def synthesize(design: Design, shell: Shell, work: Path) -> Path:
    """Return yosys' netlist, as JSON, of the processing system's port with the AXI shell behind it."""
    work.mkdir(parents=True, exist_ok=True)
    atomic_write(work / f"{TOP}.sv", (FLOW / f"{TOP}.sv").read_text())
    netlist = work / "netlist.json"
    inside = work.relative_to(design.root)
    values = {
        "top": TOP,
        "parameters": f"-G AddressBits={shell.address_bits}",
        "sources": " ".join((*shell.sources, str(inside / f"{TOP}.sv"))),
        "techmap": inside / "bmux_to_shiftx.v",
        "netlist": inside / netlist.name,
    }
    run_script(design, FLOW / "synth.ys", values, work)
    return netlist


def write_files(tools: Tools, routed: Routed, design: Design, shell: Shell, folder: Path) -> BitFile:
    """Write the bit file of a routed design, and the hwh with the clock that it meets."""
    clock = board_clock(design.board, min(design.clock_mhz, routed.clock_mhz))
    if routed.clock_mhz < design.clock_mhz:
        log.warning(
            "bitstream: %.1f MHz are reached of %.1f asked, so the bit file's clock is %.3f MHz",
            routed.clock_mhz,
            design.clock_mhz,
            clock.mhz,
        )
    bit, handoff = (folder / f"{design.name}.{suffix}" for suffix in ("bit", "hwh"))
    write_bit(tools, routed.fasm, bit)
    atomic_write(handoff, hwh(design.board.processor, design.name, shell.address_bits, clock))
    return BitFile(
        files=(bit, handoff),
        clock_mhz=routed.clock_mhz if clock.mhz == design.clock_mhz else clock.mhz,
        resources=routed.resources,
        seed=routed.seed,
        tools={"yosys": yosys()} | {name: str(path) for name, path in tools.programs.items()},
    )


def write_bit(tools: Tools, fasm: Path, bit: Path) -> None:
    """Write the bit file of a routed design's configuration."""
    frames, part = fasm.with_suffix(".frames"), tools.part.name
    run_tool(
        [tools.programs["fasm2frames"], "--db-root", tools.database, "--part", part, fasm, frames],
        fasm.with_suffix(".frames.log"),
        DEADLINE_S,
    )
    with atomic_path(bit) as written:
        run_tool(
            [
                tools.programs["xc7frames2bit"],
                *("--part_file", tools.part_file, "--part_name", part),
                *("--frm_file", frames, "--output_file", written),
            ],
            fasm.with_suffix(".bit.log"),
            DEADLINE_S,
        )
