"""Place and route by nextpnr-xilinx with several seeds, and its chip database where none is installed."""

import logging
from dataclasses import dataclass
from pathlib import Path

from ganglion.hw.flows.openxc7.report import cells_used, reached_mhz
from ganglion.hw.flows.openxc7.tools import DEADLINE_S, Tools
from ganglion.hw.flows.tool import run_tool
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A placement by one seed that was routed: its configuration's file, the clock reached, its cells."""

    seed: int
    fasm: Path
    clock_mhz: float
    resources: dict[str, int]


def constraints_of(netlist: Path) -> Path:
    """Return where the pins of a netlist's ports lie, an empty file for one that has none."""
    return netlist.with_name("pins.xdc")


def place(tools: Tools, netlist: Path, build: Path, clock_mhz: float, seeds: int) -> Routed:
    """Return the fastest placement of seeds 1 to `seeds`; the first's ToolError when none is routed."""
    chip_database = _chip_database(tools, build.parent.resolve() / "openxc7")
    routed: list[Routed] = []
    errors: list[ToolError] = []
    for seed in range(1, seeds + 1):
        try:
            routed.append(_place_once(tools, netlist, chip_database, clock_mhz, seed))
        except ToolError as error:
            errors.append(error)
            continue
        log.info("bitstream: seed %d of %d reaches %.1f MHz", seed, seeds, routed[-1].clock_mhz)
    if not routed:
        raise errors[0]
    return max(routed, key=lambda each: each.clock_mhz)


def _place_once(tools: Tools, netlist: Path, chip_database: Path, clock_mhz: float, seed: int) -> Routed:
    fasm = netlist.with_name(f"seed{seed}.fasm")
    command = [
        tools.programs["nextpnr-xilinx"],
        *("--chipdb", chip_database, "--xdc", constraints_of(netlist), "--json", netlist),
        *("--write", fasm.with_suffix(".json"), "--fasm", fasm),
        *("--freq", f"{clock_mhz:g}", "--seed", str(seed), "--timing-allow-fail"),
    ]
    printed = run_tool(command, fasm.with_suffix(".log"), DEADLINE_S)
    return Routed(seed=seed, fasm=fasm, clock_mhz=reached_mhz(printed), resources=cells_used(printed))


def _chip_database(tools: Tools, folder: Path) -> Path:
    """Return nextpnr's database of the device, the installation's or the one made once in `folder`."""
    if tools.chip_database is not None:
        return tools.chip_database
    made = folder / f"{tools.part.device}.bin"
    if not made.is_file():
        log.info("bitstream: nextpnr's database of %s is made, once, in minutes", tools.part.device)
        folder.mkdir(parents=True, exist_ok=True)
        text = made.with_suffix(".bba")
        export = [tools.python, tools.exporter, "--device", tools.part.name, "--bba", text]
        run_tool(export, made.with_suffix(".export.log"), DEADLINE_S)
        with atomic_path(made) as written:
            run_tool([tools.assembler, "--l", text, written], made.with_suffix(".assemble.log"), DEADLINE_S)
        text.unlink()
    return made
