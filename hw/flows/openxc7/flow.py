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
from ganglion.hw.flows.openxc7.tools import Tools, find_tools, programs
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

    def tools(self) -> dict[str, str]:
        """Return yosys' version, and where each program of openXC7 is that is on PATH."""
        return {"yosys": yosys()} | programs(self.environment)

    def build(self, design: Design, shell: Path, folder: Path, seeds: int) -> BitFile:
        """Write <name>.bit and .hwh, of the best of all seeds, at the design's clock or the one that is met.

        ToolError when a tool fails, is late, or no seed can be routed.
        """
        found = self._find(design.board)
        if isinstance(found, str):
            raise ToolError(found)
        part = design.board.open_part
        assert part is not None  # what _find says of a board without one
        described = decode_json(Shell, shell / "shell.json", ToolError)
        work = BuildPaths(root=design.root).work / "openxc7"
        netlist = synthesize(design, described, work).resolve()
        chip_database = _chip_database(found, part, design.root.parent.resolve())
        best = place(found, netlist, design, chip_database, seeds)
        clock = board_clock(design.board, min(design.clock_mhz, best.clock_mhz))
        if best.clock_mhz < design.clock_mhz:
            log.warning(
                "bitstream: %.1f MHz are reached of %.1f asked, so the bit file's clock is %.3f MHz",
                best.clock_mhz,
                design.clock_mhz,
                clock.mhz,
            )
        bit, handoff = (folder.resolve() / f"{design.name}.{suffix}" for suffix in ("bit", "hwh"))
        write_bit(found, part, best.fasm, bit)
        atomic_write(handoff, hwh(design.board.processor, design.name, described.address_bits, clock))
        return BitFile(
            files=(bit, handoff),
            clock_mhz=best.clock_mhz if clock.mhz == design.clock_mhz else clock.mhz,
            resources=best.resources,
            seed=best.seed,
            tools=self.tools(),
        )

    def _find(self, board: Board) -> Tools | str:
        if board.open_part is None:
            return f"openXC7 is not known to build for {board.name}"
        return find_tools(board.open_part, self.environment)


def synthesize(design: Design, shell: Shell, work: Path) -> Path:
    """Return yosys' netlist, as JSON, of the processing system's port with the AXI shell behind it."""
    work.mkdir(parents=True, exist_ok=True)
    atomic_write(work / f"{TOP}.sv", (FLOW / f"{TOP}.sv").read_text())
    netlist = work / "netlist.json"
    place = work.relative_to(design.root)
    values = {
        "top": TOP,
        "parameters": f"-G AddressBits={shell.address_bits}",
        "sources": " ".join((*shell.sources, str(place / f"{TOP}.sv"))),
        "techmap": place / "bmux_to_shiftx.v",
        "netlist": place / netlist.name,
    }
    run_script(design, FLOW / "synth.ys", values, work)
    return netlist


def place(tools: Tools, netlist: Path, design: Design, chip_database: Path, seeds: int) -> Routed:
    """Return the fastest of the placements by `seeds` seeds; ToolError, the first's, when none is routed."""
    constraints = netlist.with_name("pins.xdc")
    atomic_write(constraints, "")  # the processing system's ports have no pins of the logic
    routed: list[Routed] = []
    errors: list[ToolError] = []
    for seed in range(1, seeds + 1):
        fasm = netlist.with_name(f"seed{seed}.fasm")
        command = [
            tools.programs["nextpnr-xilinx"],
            *("--chipdb", chip_database, "--xdc", constraints, "--json", netlist),
            *("--write", fasm.with_suffix(".json"), "--fasm", fasm),
            *("--freq", f"{design.clock_mhz:g}", "--seed", str(seed), "--timing-allow-fail"),
        ]
        try:
            printed = run_tool(command, fasm.with_suffix(".log"), DEADLINE_S)
        except ToolError as error:
            errors.append(error)
            continue
        mhz = reached_mhz(printed)
        log.info("bitstream: seed %d of %d reaches %.1f MHz", seed, seeds, mhz)
        routed.append(Routed(seed=seed, fasm=fasm, clock_mhz=mhz, resources=cells_used(printed)))
    if not routed:
        raise errors[0]
    return max(routed, key=lambda each: each.clock_mhz)


def write_bit(tools: Tools, part: OpenPart, fasm: Path, bit: Path) -> None:
    """Write the bit file of a routed design."""
    frames = fasm.with_suffix(".frames")
    database = tools.database
    run_tool(
        [tools.programs["fasm2frames"], "--db-root", database, "--part", part.name, fasm, frames],
        fasm.with_suffix(".frames.log"),
        DEADLINE_S,
    )
    with atomic_path(bit) as written:
        run_tool(
            [
                tools.programs["xc7frames2bit"],
                *("--part_file", tools.part_file, "--part_name", part.name),
                *("--frm_file", frames, "--output_file", written),
            ],
            fasm.with_suffix(".bit.log"),
            DEADLINE_S,
        )


def _chip_database(tools: Tools, part: OpenPart, builds: Path) -> Path:
    """Return nextpnr's database of the device, the installation's or the one made once beside the builds."""
    if tools.chip_database is not None:
        return tools.chip_database
    made = builds / "openxc7" / f"{part.device}.bin"
    if not made.is_file():
        log.info("bitstream: nextpnr's database of %s is made, once, in minutes", part.device)
        text = made.with_suffix(".bba")
        text.parent.mkdir(parents=True, exist_ok=True)
        export = [tools.python, tools.exporter, "--device", part.name, "--bba", text]
        run_tool(export, made.with_suffix(".export.log"), DEADLINE_S)
        with atomic_path(made) as written:
            run_tool(["bbasm", "--l", text, written], made.with_suffix(".bbasm.log"), DEADLINE_S)
        text.unlink()
    return made
