"""A cell on this CPU: memory, time and energy of each runtime, measured one after another."""

import json
import os
import subprocess
import sys
from pathlib import Path

from ganglion.models.build.codec import decode, decode_json, encode_json
from ganglion.models.build.errors import ToolError
from ganglion.training.study.cells import Cell
from ganglion.training.study.records import CPU_FILE, Cpu, Inference
from ganglion.training.study.returns import observations_file
from ganglion.training.study.stages import cpu_stage

_TIMEOUT_S = 600
_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def runtimes_of(cell: Cell) -> tuple[str, ...]:
    """Return the runtimes that can compute a cell."""
    return ("torch", "reference", "onnxruntime") if cell.scheme.is_static else ("torch", "onnxruntime")


def is_measured(root: Path, cell: Cell) -> bool:
    """Return whether cpu.json of a cell is there, and nothing that it depends on has changed."""
    return cpu_stage(root, cell, observations_file(root, cell.teacher), _processor()).is_current()


def measure_cpu(root: Path, cell: Cell) -> Cpu:
    """Return cpu.json of a cell, measured now unless that is current."""
    observations, processor = observations_file(root, cell.teacher), _processor()
    stage = cpu_stage(root, cell, observations, processor)
    path = stage.root / CPU_FILE
    if not stage.is_current():
        with stage.running([path]):
            found = tuple(_infer(name, stage.root, observations) for name in runtimes_of(cell))
            encode_json(path, Cpu(processor=processor, runtimes=found))
    return decode_json(Cpu, path)


def _infer(runtime: str, folder: Path, observations: Path) -> Inference:
    command = [sys.executable, "-W", "ignore", "-m", "ganglion.training.study.infer", runtime]
    try:
        done = subprocess.run(
            [*command, str(folder), str(observations)],
            env=os.environ | _ONE_THREAD,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{folder.name}: {runtime} did not end within {_TIMEOUT_S} s") from None
    if done.returncode:
        raise ToolError(f"{folder.name}: {runtime} failed: {done.stderr.strip().splitlines()[-1]}")
    return decode(Inference, json.loads(done.stdout.splitlines()[-1]), f"{folder.name}: {runtime}")


def _processor() -> str:
    """Return the processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
