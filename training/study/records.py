"""What the study writes down of each policy; None where something was not measured, and why."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ganglion.models.build.codec import STRICT, Amount, Count
from ganglion.training.study.cells import Cell

RETURNS_FILE, CPU_FILE = "returns.json", "cpu.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """returns.json: what a policy's episodes returned, and what it is on disk."""

    __pydantic_config__: ClassVar = STRICT

    cell: Cell
    widths: tuple[Count, ...]
    """Of observations, hidden layers and actions; for integers those that are left alive."""
    weights: Count
    """Those that are not zero."""
    stored_bytes: Count
    """The size of plain.onnx, without compression."""
    return_mean: float
    return_std: Amount
    return_min: float
    falls: Count
    episodes: Count
    first_seed: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """One runtime on this CPU, one thread, one vector at a time, in a process of its own."""

    __pydantic_config__: ClassVar = STRICT

    runtime: str
    """torch, reference (the integers in numpy) or onnxruntime."""
    actions: Count
    median_us: Amount
    p99_us: Amount
    resident_mb: Amount
    """Peak resident memory of the process."""
    energy_uj: Amount | None
    """Of an action, by RAPL, the whole processor package."""
    energy_reason: str | None
    """Why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """cpu.json: every runtime that can compute a policy."""

    __pydantic_config__: ClassVar = STRICT

    processor: str
    runtimes: tuple[Inference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """For which board hardware is built, and how fast."""

    board: str
    """A board's name, or its TOML file."""
    latencies_us: tuple[float, ...]
    """How long an answer may take: the first of them that an engine keeps on this board."""
    estimate: bool
    """Whether an action's energy is estimated, from the netlist."""

    @property
    def name(self) -> str:
        """What the files of its builds are called."""
        return self.board.replace("/", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """hardware-<board>.json: a build of a policy, from its report.json; `reason` says why there is none."""

    __pydantic_config__: ClassVar = STRICT

    board: str
    reason: str | None = None
    engine: str | None = None
    clock_mhz: Amount | None = None
    cycles: Count | None = None
    """The most that an action takes."""
    lut: Count | None = None
    dsp: Count | None = None
    bram: Amount | None = None
    energy_nj: tuple[Amount, Amount] | None = None
    """An action's, estimated, from least to most, at rest included."""
    energy_reason: str | None = None

    @property
    def us(self) -> float | None:
        """Microseconds an action."""
        return None if self.cycles is None or not self.clock_mhz else self.cycles / self.clock_mhz


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All that is known of one policy."""

    __pydantic_config__: ClassVar = STRICT

    returns: Returns
    cpu: Cpu | None
    hardware: tuple[Hardware, ...] = ()
    """A build for each board."""

    @property
    def cell(self) -> Cell:
        """The policy that it is."""
        return self.returns.cell


def folder_of(root: Path, cell: Cell) -> Path:
    """Return where a cell's files lie."""
    return root / cell.teacher.environment / cell.name
