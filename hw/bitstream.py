"""Stage: a bit file and its hwh for a Zynq board where Vivado is installed, a skip with the reason elsewhere.

It writes build/<name>/bitstream.json.
"""

import logging
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Literal

from ganglion.hw.design.design import Design, load_design, stage_inputs
from ganglion.hw.flows.vivado import FLOW
from ganglion.hw.settings import BuildSettings
from ganglion.hw.target.board import Processor
from ganglion.models.build.codec import STRICT, decode_json, encode_json
from ganglion.models.build.errors import ExportError, ToolError
from ganglion.models.build.files import atomic_write
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.spelling import spelled
from ganglion.models.build.stage import Stage

DEADLINE_S = 4 * 3600
NO_VIVADO = "Vivado is not on PATH; a Zynq bit file needs it (source its settings64.sh, then run this again)"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class BitstreamSettings(BuildSettings):
    """A build, and whether it must end with a bit file."""

    require: bool = False
    """Fail, instead of skipping, without Vivado."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """timing.json, which the flow writes: the slack that place and route left, below 0 where it is missed."""

    __pydantic_config__: ClassVar = STRICT

    setup_slack_ns: float
    hold_slack_ns: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitstream:
    """bitstream.json: the bit file and its hwh, relative to the build, or why there is none."""

    __pydantic_config__: ClassVar = STRICT

    status: Literal["done", "skipped"]
    reason: str | None = None
    files: tuple[str, ...] = ()
    setup_slack_ns: float | None = None
    hold_slack_ns: float | None = None

    def __post_init__(self) -> None:
        if (self.status == "skipped") != bool(self.reason):
            raise ExportError("bitstream: a reason, and only for what was skipped")

    def __str__(self) -> str:
        """Return one line for people."""
        return f"{self.status}: {self.reason or ', '.join(self.files)}"


def require_vivado() -> str:
    """Return the path of Vivado; ToolError when it is not installed."""
    vivado = shutil.which("vivado")
    if vivado is None:
        raise ToolError(NO_VIVADO)
    return vivado


def build_bitstream(vivado: str, paths: BuildPaths, design: Design) -> Bitstream:
    """Return the content of bitstream.json; a failed run or missed timing raises ToolError."""
    out = paths.root / "bitstream"
    shutil.rmtree(out, ignore_errors=True)  # a bit file of an older design must not outlive a failed run
    out.mkdir(parents=True)
    work = paths.work / "vivado"
    work.mkdir(parents=True, exist_ok=True)
    settings = work / "settings.tcl"
    atomic_write(settings, _settings(design, out))
    _run_vivado(
        [vivado, "-mode", "batch", "-source", str(FLOW / "bitstream.tcl"), "-tclargs", "settings.tcl"], work
    )
    timing = asdict(decode_json(Timing, out / "timing.json", ToolError))
    missed = {name: slack for name, slack in timing.items() if slack < 0}
    if missed:
        worst = ", ".join(f"{name} = {slack}" for name, slack in missed.items())
        raise ToolError(
            f"timing is not met at {design.clock_mhz} MHz on {design.board.name}: {worst}; "
            f"no bit file was written; compile with a lower {spelled('clock_mhz')}"
        )
    files = [out / f"{design.name}.{suffix}" for suffix in ("bit", "hwh")]
    for file in files:
        if not file.is_file():
            raise ToolError(f"Vivado ended without {file}; see {work / 'vivado.log'}")
    return Bitstream(
        status="done", files=tuple(str(file.relative_to(paths.root)) for file in files), **timing
    )


def _settings(design: Design, out: Path) -> str:
    if lacking := _lacks_processor(design):
        raise ToolError(lacking)
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


def _lacks_processor(design: Design) -> str:
    """Return why there can be no bit file for a board without a processor, "" for one with it."""
    if design.board.processor is not Processor.NONE:
        return ""
    return f"{design.board.name} has no processor beside its logic, around which Vivado builds a bit file"


def _tcl_list(paths: list[Path]) -> str:
    return " ".join(f"{{{path.resolve()}}}" for path in paths)


def _run_vivado(command: list[str], work: Path) -> None:
    with (work / "vivado.log").open("w") as log:
        try:
            done = subprocess.run(command, cwd=work, stdout=log, stderr=subprocess.STDOUT, timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            raise ToolError(f"Vivado did not finish in {DEADLINE_S} s; see {work / 'vivado.log'}") from None
    if done.returncode:
        lines = (work / "vivado.log").read_text(errors="replace").splitlines()
        error = next((line for line in lines if line.startswith("ERROR")), f"exit status {done.returncode}")
        raise ToolError(f"Vivado: {error} (log: {work / 'vivado.log'})")


def run(settings: BitstreamSettings) -> None:
    """Make a build's bit file, or record why there is none."""
    paths = settings.paths
    vivado = require_vivado() if settings.require else shutil.which("vivado")
    with locked(paths.root):
        design = load_design(paths)
        inputs = stage_inputs(paths, design, __name__) | {"vivado": vivado}
        stage = Stage(root=paths.root, name="bitstream", inputs=inputs)
        if stage.is_current():
            log.info("bitstream: up to date")
            return
        lacking = NO_VIVADO if vivado is None else "" if settings.require else _lacks_processor(design)
        outputs = [paths.bitstream] if lacking else [paths.bitstream, paths.root / "bitstream"]
        paths.bitstream.unlink(missing_ok=True)
        with stage.running(outputs):
            if vivado is None or lacking:
                result = Bitstream(status="skipped", reason=lacking)
            else:
                result = build_bitstream(vivado, paths, design)
            encode_json(paths.bitstream, result)
        log.info("bitstream: %s", result)
