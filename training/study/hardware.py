"""A cell in hardware: `ganglion hw` run as a process of its own, and what its report.json says.

Training never imports hw: the two meet in the policy folder and in report.json.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ganglion.models.build.codec import SOME_KEYS, Amount, Count, decode_json, encode_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import build_name
from ganglion.models.build.spelling import MAKE_VARIABLE
from ganglion.models.quant.schemes import UNSUPPORTED, Scheme
from ganglion.training.study.artefacts import policy_folder
from ganglion.training.study.cells import Cell
from ganglion.training.study.records import Hardware, Target, folder_of
from ganglion.training.study.stages import hardware_stage

_TIMEOUT_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class _Simulation:
    __pydantic_config__: ClassVar = SOME_KEYS
    latency_cycles: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Latency:
    __pydantic_config__: ClassVar = SOME_KEYS
    worst_case_cycles: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClosedLoop:
    __pydantic_config__: ClassVar = SOME_KEYS
    latency: _Latency | None
    """Of an engine whose cycles depend on data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resources:
    __pydantic_config__: ClassVar = SOME_KEYS
    lut: Count
    dsp: Count
    bram: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class _Energy:
    __pydantic_config__: ClassVar = SOME_KEYS
    dynamic_nj: tuple[Amount, Amount] | None
    static_nj: Amount | None
    not_counted: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gates:
    __pydantic_config__: ClassVar = SOME_KEYS
    energy: _Energy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """What is read of report.json (docs/report.md)."""

    __pydantic_config__: ClassVar = SOME_KEYS
    engine: str
    clock_mhz: Amount
    simulation: _Simulation
    closed_loop: _ClosedLoop
    resources: _Resources
    gates: _Gates | None


def measure_hardware(root: Path, cell: Cell, target: Target) -> Hardware:
    """Return a cell's hardware for a board, built now unless nothing that it depends on has changed."""
    stage = hardware_stage(root, cell, target)
    path = stage.root / f"{stage.name}.json"
    if not stage.is_current():
        with stage.running([path]):
            encode_json(path, _built(root, cell, target))
    return decode_json(Hardware, path)


def _built(root: Path, cell: Cell, target: Target) -> Hardware:
    """Return what `ganglion hw` makes of a cell's policy folder, or why nothing."""
    if not cell.scheme.is_static:
        why = UNSUPPORTED if cell.scheme is Scheme.PTDQ else "float has no hardware here"
        return Hardware(board=target.board, reason=why)
    policy, build = policy_folder(folder_of(root, cell), cell), root / "hw" / target.name
    reason = _run_hw(policy, build, target)
    if reason is not None:
        return Hardware(board=target.board, reason=reason)
    built = BuildPaths.of(build_name(policy), build)
    return read_hardware(target.board, built.report)


def _run_hw(policy: Path, build: Path, target: Target) -> str | None:
    """Run `ganglion hw` and return why it failed, None if it did not."""
    environment = {name: value for name, value in os.environ.items() if name != MAKE_VARIABLE}
    command = [sys.executable, "-W", "ignore", "-m", "ganglion.models.command_line", "hw", "--quiet"]
    command += ["--policy", str(policy), "--board", target.board, "--build", str(build)]
    command += ["--latency-us", *map(str, target.latencies_us), *(["--gates"] if target.estimate else [])]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"not built within {_TIMEOUT_S} s"
    said = done.stderr.strip().splitlines() or ["no message"]
    return said[-1].removeprefix("error: ") if done.returncode else None


def read_hardware(board: str, path: Path) -> Hardware:
    """Return what a report.json says of a build; one that is damaged raises ExportError."""
    report = decode_json(_Report, path)
    latency = report.closed_loop.latency
    energy, why = _energy_of(report.gates)
    return Hardware(
        board=board,
        engine=report.engine,
        clock_mhz=report.clock_mhz,
        cycles=latency.worst_case_cycles if latency else report.simulation.latency_cycles,
        lut=report.resources.lut,
        dsp=report.resources.dsp,
        bram=report.resources.bram,
        energy_nj=energy,
        energy_reason=why,
    )


def _energy_of(gates: _Gates | None) -> tuple[tuple[float, float] | None, str | None]:
    """Return what an action takes from least to most, at rest included, and what limits the estimate."""
    if gates is None:
        return None, "the netlist was not simulated"
    energy = gates.energy
    if energy.dynamic_nj is None:
        return None, energy.reason
    least, most = (dynamic + (energy.static_nj or 0.0) for dynamic in energy.dynamic_nj)
    why = f"a lower bound: {', '.join(energy.not_counted)} not counted" if energy.not_counted else None
    return (least, most), why
