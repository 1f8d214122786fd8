"""The flow of Vivado: a block design of processing system and accelerator in batch, without HLS."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import ClassVar

from ganglion.hw.design.design import Design
from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.tool import run_tool
from ganglion.hw.flows.vivado import FLOW
from ganglion.hw.flows.vivado.reports import total_power_w, utilization
from ganglion.hw.flows.zynq.clock import LogicClock, board_clock
from ganglion.hw.flows.zynq.hwh import INSTANCE, PROCESSING_SYSTEMS, adopted
from ganglion.hw.shell.description import Shell
from ganglion.hw.target.board import Board, Processor
from ganglion.models.build.codec import STRICT, decode_json
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_write
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled

DEADLINE_S = 4 * 3600
MODULE = "ganglion_zynq"
TOP = "system_wrapper"
"""The instance of the whole design; the accelerator in it is docs/boards/zynqmp.md's argument of gates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """timing.json of the script: the clock constrained and the slack it leaves, below 0 where missed."""

    __pydantic_config__: ClassVar = STRICT

    clock_mhz: float
    setup_slack_ns: float
    hold_slack_ns: float

    @property
    def met_mhz(self) -> float:
        """The fastest clock for which the slowest path is quick enough."""
        return round(1000 / (1000 / self.clock_mhz - self.setup_slack_ns), 3)


class Vivado:
    """Vivado on PATH, for boards with a processor beside their logic."""

    name = "vivado"
    reads = frozenset({"activity"})

    def unavailable(self, board: Board) -> str | None:
        """Return why there is no bit file by Vivado, None when there can be."""
        if board.processor is Processor.NONE:
            return f"{board.name} has no processor beside its logic, around which Vivado builds a bit file"
        if not self.tools():
            return "Vivado is not on PATH (source its settings64.sh, then run again)"
        return None

    def tools(self) -> dict[str, str]:
        """Return where Vivado is."""
        vivado = shutil.which("vivado")
        return {} if vivado is None else {"vivado": vivado}

    def build(self, design: Design, folder: Path, seeds: int) -> BitFile:
        """Write <name>.bit, .hwh and Vivado's reports; a failed run or missed timing raises ToolError."""
        paths = BuildPaths(root=design.root)
        work = (paths.work / "vivado").resolve()
        work.mkdir(parents=True, exist_ok=True)
        clock = board_clock(design.board, design.clock_mhz)
        described = decode_json(Shell, paths.shell_json, ToolError)
        atomic_write(work / f"{MODULE}.v", _wrapper(design, described))
        atomic_write(work / "settings.tcl", _settings(design, described, clock, work, folder))
        script = str(FLOW / "bitstream.tcl")
        run_tool(
            [self.tools()["vivado"], "-mode", "batch", "-source", script, "-tclargs", "settings.tcl"],
            work / "vivado.log",
            DEADLINE_S,
        )
        timing = decode_json(Timing, folder / "timing.json", ToolError)
        _check_timing(design, clock, timing)
        return BitFile(
            files=_files(design, described, clock, folder, work),
            clock_mhz=timing.met_mhz,
            runs_mhz=clock.mhz,
            resources=utilization((folder / "utilization.rpt").read_text()),
            seed=None,
            tools=self.tools(),
            power_w=total_power_w((folder / "power.rpt").read_text()),
        )


def _wrapper(design: Design, shell: Shell) -> str:
    """Return the module that the block design takes by reference, which must be Verilog (UG994)."""
    template = Template((FLOW / f"{MODULE}.v").read_text())
    return template.substitute(
        top=shell.tops["axi_lite"],
        address_bits=shell.address_bits,
        memories=(design.root / "mem").resolve(),
    )


def _settings(design: Design, shell: Shell, clock: LogicClock, work: Path, out: Path) -> str:
    """Return settings.tcl; where its files lie is absolute, for Vivado works in folders of its own."""
    ps = PROCESSING_SYSTEMS[design.board.processor]
    activity = BuildPaths(root=design.root).activity
    sources = [*(design.root / source for source in shell.sources), work / f"{MODULE}.v"]
    for source in sources:
        if not source.is_file():
            raise ToolError(f"{source} is missing; make the build's shell again")
    values = {
        "stem": design.name,
        "part": design.part,
        "processor": design.board.processor.value,
        "crystal_mhz": clock.pll.crystal_mhz,
        "clock_mhz": clock.mhz,
        "module": MODULE,
        "instance": INSTANCE,
        "port": ps.port,
        "base_address": f"0x{ps.base_address:08X}",
        "range_bytes": 2**shell.address_bits,
        "sources": " ".join(f"{{{source.resolve()}}}" for source in sources),
        "saif": activity.resolve() if activity.is_file() else "",
        "saif_instance": TOP,
        "out_dir": out.resolve(),
    }
    return "".join(f"set {key} {{{value}}}\n" for key, value in values.items())


def _check_timing(design: Design, clock: LogicClock, timing: Timing) -> None:
    """Raise ToolError unless setup and hold are met, and at the clock that the board will be set to."""
    slacks = {"setup_slack_ns": timing.setup_slack_ns, "hold_slack_ns": timing.hold_slack_ns}
    missed = [f"{name} = {slack}" for name, slack in slacks.items() if slack < 0]
    if timing.met_mhz < clock.mhz:
        missed.append(f"{timing.met_mhz} MHz are reached")
    if missed:
        raise ToolError(
            f"timing is not met at {clock.mhz} MHz on {design.board.name}: {', '.join(missed)}; "
            f"no bit file was written; compile with a lower {spelled('clock_mhz')}"
        )


def _files(design: Design, shell: Shell, clock: LogicClock, folder: Path, work: Path) -> tuple[Path, ...]:
    """Return the bit file and its hwh, which then has our VLNV and the board's divisors, and the reports."""
    bit, hwh = (folder / f"{design.name}.{suffix}" for suffix in ("bit", "hwh"))
    for file in (bit, hwh):
        if not file.is_file():
            raise ToolError(f"Vivado ended without {file}; see {work / 'vivado.log'}")
    atomic_write(hwh, adopted(hwh.read_text(), design.board.processor, MODULE, clock))
    return bit, hwh, *sorted(folder.glob("*.rpt"))
