"""The flow of openXC7 for 7-series: yosys, nextpnr-xilinx by several seeds, prjxray.

The tools are in no package index, and no test runs them: the commands are those that were proven on another
machine, and are tested against stand-ins.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ganglion.hw.design.design import Design
from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.nextpnr.board_top import exchange_us
from ganglion.hw.flows.openxc7 import FLOW
from ganglion.hw.flows.openxc7.place import Routed, constraints_of, place
from ganglion.hw.flows.openxc7.tools import DEADLINE_S, Tools, find_tools, programs
from ganglion.hw.flows.openxc7.tops import Top, divided_clock, processor_top, serial_top
from ganglion.hw.flows.tool import run_tool
from ganglion.hw.flows.yosys.run import run_script
from ganglion.hw.flows.yosys.run import tool as yosys
from ganglion.hw.flows.zynq.clock import board_clock
from ganglion.hw.flows.zynq.hwh import hwh
from ganglion.hw.shell.description import Shell
from ganglion.hw.target.board import Board, Processor
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_path, atomic_write
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenXc7:
    """openXC7 as its installations leave it in PATH and environment."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    name: str = "openxc7"
    reads: frozenset[str] = frozenset({"seeds"})

    def unavailable(self, board: Board) -> str | None:
        """Return why there is no bit file by openXC7, None when there can be."""
        found = self._find(board)
        return found if isinstance(found, str) else None

    def tools(self) -> dict[str, str]:
        """Return yosys' version, and where each program of openXC7 is that is on PATH."""
        return {"yosys": yosys()} | programs(self.environment)

    def build(self, design: Design, folder: Path, seeds: int) -> BitFile:
        """Write <name>.bit, of the best of all seeds; for a board with a processor the hwh too.

        There the clock is lowered to one that is met. ToolError when a tool fails, is late, no seed can be
        routed, or the clock of a board without a processor is not met.
        """
        tools = self._find(design.board)
        if isinstance(tools, str):
            raise ToolError(tools)
        paths = BuildPaths(root=design.root)
        described, work = decode_json(Shell, paths.shell_json, ToolError), paths.work / "openxc7"
        if design.board.processor is Processor.NONE:
            return _behind_serial_line(tools, design, described, work, folder, seeds)
        netlist = synthesize(design, described, processor_top(described), work)
        routed = place(tools, netlist, design.root, design.clock_mhz, seeds)
        return write_files(tools, routed, design, described, folder)

    def _find(self, board: Board) -> Tools | str:
        if board.open_part is None:
            return f"openXC7 is not known to build for {board.name}"
        return find_tools(board.open_part, self.environment)


def synthesize(design: Design, shell: Shell, top: Top, work: Path) -> Path:
    """Return yosys' netlist of a top, as JSON, beside which its pins lie."""
    work.mkdir(parents=True, exist_ok=True)
    for name, text in top.modules.items():
        atomic_write(work / f"{name}.sv", text)
    netlist = work / "netlist.json"
    atomic_write(constraints_of(netlist), top.constraints)
    inside = work.relative_to(design.root)
    values = {
        "top": top.name,
        "parameters": top.parameters,
        "sources": " ".join((*shell.sources, *(f"{inside}/{name}.sv" for name in top.modules))),
        "techmap": inside / "bmux_to_shiftx.v",
        "netlist": inside / netlist.name,
    }
    run_script(design, FLOW / "synth.ys", values, work)
    return netlist.resolve()


def write_files(tools: Tools, routed: Routed, design: Design, shell: Shell, folder: Path) -> BitFile:
    """Write the bit file of a design behind a processing system, and the hwh with a clock that it meets."""
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
    return _bit_file(tools, routed, (bit, handoff), clock.mhz)


def _behind_serial_line(
    tools: Tools, design: Design, shell: Shell, work: Path, folder: Path, seeds: int
) -> BitFile:
    board = design.board
    clock_mhz = divided_clock(board, design.clock_mhz)
    assert board.wiring is not None  # what divided_clock says of a board without
    netlist = synthesize(design, shell, serial_top(board.wiring, shell, clock_mhz), work)
    routed = place(tools, netlist, design.root, clock_mhz, seeds)
    if routed.clock_mhz < clock_mhz:
        lower = f"{divided_clock(board, routed.clock_mhz):g}"
        raise ToolError(
            f"timing is not met on {board.name}: the best of {seeds} seeds reaches {routed.clock_mhz:g} MHz "
            f"of {clock_mhz:g}; no bit file was written; compile with {spelled('clock_mhz', lower)}"
        )
    bit = folder / f"{design.name}.bit"
    write_bit(tools, routed.fasm, bit)
    made = _bit_file(tools, routed, (bit,), clock_mhz)
    return replace(made, baud=board.wiring.baud, line_us=exchange_us(board.wiring, shell))


def _bit_file(tools: Tools, routed: Routed, files: tuple[Path, ...], runs_mhz: float) -> BitFile:
    return BitFile(
        files=files,
        clock_mhz=routed.clock_mhz,
        runs_mhz=runs_mhz,
        resources=routed.resources,
        seed=routed.seed,
        tools={"yosys": yosys()} | dict(tools.programs),
    )


def write_bit(tools: Tools, fasm: Path, bit: Path) -> None:
    """Write the bit file of a routed design's configuration."""
    frames, part = fasm.with_suffix(".frames"), tools.part.name
    run_tool(
        [tools.programs["fasm2frames"], "--db-root", tools.database, "--part", part, fasm, frames],
        fasm.with_suffix(".frames.log"),
        DEADLINE_S,
    )
    with atomic_path(bit.resolve()) as written:
        run_tool(
            [
                tools.programs["xc7frames2bit"],
                *("--part_file", tools.part_file, "--part_name", part),
                *("--frm_file", frames, "--output_file", written),
            ],
            fasm.with_suffix(".bit.log"),
            DEADLINE_S,
        )
