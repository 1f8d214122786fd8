"""The flow of Vivado: a block design around a Zynq's processor, in batch."""

import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from ganglion.hw.design.design import Design
from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.vivado import FLOW
from ganglion.hw.target.board import Board, Processor
from ganglion.models.build.codec import STRICT, decode_json
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import atomic_write
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled

DEADLINE_S = 4 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """timing.json, which the script writes: the slack that place and route left, below 0 where missed."""

    __pydantic_config__: ClassVar = STRICT

    setup_slack_ns: float
    hold_slack_ns: float


class Vivado:
    """Vivado on PATH, for boards with a processor beside their logic."""

    name = "vivado"

    def unavailable(self, board: Board) -> str | None:
        """Return why there is no bit file by Vivado, None when there can be."""
        if board.processor is Processor.NONE:
            return f"{board.name} has no processor beside its logic, around which Vivado builds a bit file"
        if not self.tools():
            return (
                "Vivado is not on PATH; a Zynq bit file needs it (source its settings64.sh, then run again)"
            )
        return None

    def tools(self) -> dict[str, str]:
        """Return where Vivado is."""
        vivado = shutil.which("vivado")
        return {} if vivado is None else {"vivado": vivado}

    def build(self, design: Design, shell: Path, folder: Path, seeds: int) -> BitFile:
        """Write <name>.bit and .hwh; a failed run or missed timing raises ToolError."""
        work = BuildPaths(root=design.root).work / "vivado"
        work.mkdir(parents=True, exist_ok=True)
        atomic_write(work / "settings.tcl", _settings(design, folder))
        script = str(FLOW / "bitstream.tcl")
        _run([self.tools()["vivado"], "-mode", "batch", "-source", script, "-tclargs", "settings.tcl"], work)
        timing = decode_json(Timing, folder / "timing.json", ToolError)
        _check_timing(design, timing)
        files = tuple(folder / f"{design.name}.{suffix}" for suffix in ("bit", "hwh"))
        for file in files:
            if not file.is_file():
                raise ToolError(f"Vivado ended without {file}; see {work / 'vivado.log'}")
        met_mhz = round(1000 / (design.board.clock_ns - timing.setup_slack_ns), 2)
        return BitFile(files=files, clock_mhz=met_mhz, resources={}, seed=None, tools=self.tools())


def _check_timing(design: Design, timing: Timing) -> None:
    missed = {name: slack for name, slack in asdict(timing).items() if slack < 0}
    if missed:
        worst = ", ".join(f"{name} = {slack}" for name, slack in missed.items())
        raise ToolError(
            f"timing is not met at {design.clock_mhz} MHz on {design.board.name}: {worst}; "
            f"no bit file was written; compile with a lower {spelled('clock_mhz')}"
        )


def _settings(design: Design, out: Path) -> str:
    values = {
        "stem": design.name,
        "part": design.part,
        "family": design.board.processor.value,
        "clock_mhz": design.clock_mhz,
        "in_bits": design.input.format.width_bits,
        "out_bits": design.output.format.width_bits,
        "out_words": design.output.format.words,
        "sources": _tcl_list([design.root / source for source in design.sources]),
        "memories": _tcl_list([design.root / memory for memory in design.memories]),
        "out_dir": out.resolve(),
    }
    return "".join(f"set {key} {{{value}}}\n" for key, value in values.items())


def _tcl_list(paths: list[Path]) -> str:
    return " ".join(f"{{{path.resolve()}}}" for path in paths)


def _run(command: list[str], work: Path) -> None:
    log_file = work / "vivado.log"
    with log_file.open("w") as log:
        try:
            done = subprocess.run(command, cwd=work, stdout=log, stderr=subprocess.STDOUT, timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            raise ToolError(f"Vivado did not finish in {DEADLINE_S} s; see {log_file}") from None
    if done.returncode:
        lines = log_file.read_text(errors="replace").splitlines()
        error = next((line for line in lines if line.startswith("ERROR")), f"exit status {done.returncode}")
        raise ToolError(f"Vivado: {error} (log: {log_file})")
