"""Stage: a bit file by the first flow of the board's family that this machine has, or why there is none.

It writes build/<name>/bitstream/ and build/<name>/bitstream.json.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ganglion.hw.design.design import Design, design_stage, locked_design
from ganglion.hw.flows.flow import Flow
from ganglion.hw.flows.registry import boards_at_once, find_flow
from ganglion.hw.shell.generate import generate
from ganglion.hw.target.board import Board
from ganglion.models.build.codec import STRICT, Amount, Count, encode_json
from ganglion.models.build.errors import ConfigError, ExportError, ToolError
from ganglion.models.build.files import sha256_file
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.spelling import spelled

SEEDS = 4

log = logging.getLogger(__name__)


def check_seeds(seeds: int) -> None:
    """Raise ConfigError when so many placements cannot be tried."""
    if not 1 <= seeds <= 100:
        raise ConfigError(f"{spelled('seeds', seeds)} is outside 1 to 100")


@dataclass(frozen=True, kw_only=True)
class BitstreamSettings(BuildSettings):
    """A build, whether it must end with a bit file, and how hard to try."""

    require: bool = False
    """Fail, instead of skipping, where no flow for the board is installed."""
    seeds: int = SEEDS
    """How many placements nextpnr may try until one meets the clock; of openXC7's the fastest is taken."""

    def __post_init__(self) -> None:
        check_seeds(self.seeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitstream:
    """bitstream.json: which flow made which files with which tools, or why there is none.

    `shell` is the SHA-256 of the shell.json that it was made from, which names policy and registers;
    `files` are the sizes in bytes by path relative to the build, the bit file first; `asked_mhz` the clock
    compiled for, `runs_mhz` what the accelerator gets on the board, `met_mhz` what place and route reached,
    or the slower clock that the bit file sets; `resources` what was placed, by the tool's names; `power_w`
    the tool's estimate for the whole part; `baud` and `line_us` the serial line's, where
    there is one, and how long the bytes of an inference take on it.
    """

    __pydantic_config__: ClassVar = STRICT

    status: Literal["done", "skipped"]
    reason: str | None = None
    flow: str | None = None
    shell: str | None = None
    tools: dict[str, str] = field(default_factory=dict)
    files: dict[str, Count] = field(default_factory=dict)
    asked_mhz: Amount | None = None
    runs_mhz: Amount | None = None
    met_mhz: Amount | None = None
    resources: dict[str, Count] = field(default_factory=dict)
    seed: Count | None = None
    baud: Count | None = None
    line_us: Amount | None = None
    power_w: Amount | None = None

    def __post_init__(self) -> None:
        if (self.status == "skipped") != bool(self.reason):
            raise ExportError("bitstream: a reason, and only for what was skipped")

    def __str__(self) -> str:
        """Return one line for people."""
        if self.status == "skipped":
            return f"skipped: {self.reason}"
        files = ", ".join(f"{name} ({size:,} bytes)" for name, size in self.files.items())
        return f"{files} by {self.flow}, {self.met_mhz} MHz met of {self.asked_mhz} asked"


def require_flow(board: Board) -> Flow:
    """Return the flow that makes the board's bit file here; ToolError says why there is none."""
    flow = find_flow(board)
    if isinstance(flow, str):
        raise ToolError(_skip_reason(flow))
    return flow


def _skip_reason(reason: str) -> str:
    """Return why there is no bit file, and the boards that need nothing to be installed."""
    boards = boards_at_once()
    return f"{reason}; nothing need be installed for the boards {', '.join(boards)}" if boards else reason


def build_bitstream(flow: Flow, paths: BuildPaths, design: Design, seeds: int) -> Bitstream:
    """Return the content of bitstream.json; a failed run or missed timing raises ToolError."""
    folder = paths.root / "bitstream"
    folder.mkdir(parents=True)
    made = flow.build(design, folder, seeds)
    return Bitstream(
        status="done",
        flow=flow.name,
        shell=sha256_file(paths.shell_json),
        tools=made.tools,
        files={str(file.relative_to(paths.root)): file.stat().st_size for file in made.files},
        asked_mhz=design.clock_mhz,
        runs_mhz=made.runs_mhz or min(design.clock_mhz, made.clock_mhz),
        met_mhz=made.clock_mhz,
        resources=made.resources,
        seed=made.seed,
        baud=made.baud,
        line_us=made.line_us,
        power_w=made.power_w,
    )


def run(settings: BitstreamSettings) -> None:
    """Make a build's bit file, or record why there is none."""
    paths = settings.paths
    with locked_design(paths) as design:
        flow = require_flow(design.board) if settings.require else find_flow(design.board)
        if isinstance(flow, str):
            reason = _skip_reason(flow)
            _refresh(paths, design, {"skipped": reason}, lambda: Bitstream(status="skipped", reason=reason))
        else:
            generate(paths)
            may_read = {
                "seeds": settings.seeds,
                "activity": sha256_file(paths.activity) if paths.activity.is_file() else None,
            }
            inputs = {
                "flow": flow.name,
                "tools": flow.tools(),
                "shell": sha256_file(paths.shell_json),
                **{name: value for name, value in may_read.items() if name in flow.reads},
            }
            _refresh(paths, design, inputs, lambda: build_bitstream(flow, paths, design, settings.seeds))


def _refresh(
    paths: BuildPaths, design: Design, inputs: dict[str, Any], make: Callable[[], Bitstream]
) -> None:
    stage = design_stage("bitstream", paths, design, __name__, **inputs)
    folder = paths.root / "bitstream"

    def remake() -> Bitstream:
        shutil.rmtree(folder, ignore_errors=True)  # a bit file of an older design
        return encode_json(paths.bitstream, make())

    stage.refresh([paths.bitstream, folder], remake)
