"""The shell's modules, hand-written and generated, lint clean, are short and say what they are."""

import re
from pathlib import Path

import pytest

from ganglion.hw.shell.generate import RTL
from tests.hw.engines.folded.test_lint import lint
from tests.hw.shell.shells import build_shells

MODULES = sorted(path.stem for path in RTL.glob("*.sv"))


@pytest.mark.parametrize("module", MODULES)
def test_module_lints_clean_on_its_own(module: str) -> None:
    assert lint(RTL, module) == ""


@pytest.mark.parametrize("module", MODULES)
def test_module_is_short_says_what_it_is_and_is_in_the_catalogue(module: str) -> None:
    lines = (RTL / f"{module}.sv").read_text().splitlines()
    assert len(lines) <= 150 and max(map(len, lines)) <= 100
    assert all(line.startswith("// ") for line in lines[:4])
    assert lines[1].startswith("// Latency ")
    assert "andshake" in lines[2]
    assert lines[3].startswith("// Golden: ")
    catalogue = re.findall(r"^\| `(\w+)` \|", (RTL / "README.md").read_text(), re.MULTILINE)
    assert sorted(catalogue) == MODULES


@pytest.mark.parametrize(("lanes", "input_bits"), [(8, 8), (3, 5)])
def test_generated_tops_lint_clean(lanes: int, input_bits: int, tmp_path: Path) -> None:
    build = build_shells(tmp_path, input_bits=input_bits, lanes=lanes)
    for top in build.shell.tops.values():
        # A port is called "interrupt", which Verilator would rather keep for C++.
        options = ("-y", str(build.paths.rtl), "-Wno-SYMRSVDWORD")
        assert lint(build.paths.shell, top, *options) == ""


@pytest.mark.parametrize(
    ("module", "parameter"),
    [
        ("ganglion_registers", "-GAddressBits=11"),
        ("ganglion_registers", "-GObservationWords=513"),
        ("ganglion_registers", "-GActionWords=257"),
        ("ganglion_repack", "-GOutPitch=7"),
        ("ganglion_repack", "-GInValues=5"),
        ("ganglion_uart_receiver", "-GClocksPerBit=7"),
        ("ganglion_uart_transmitter", "-GClocksPerBit=7"),
        ("ganglion_serial_request", "-GGapCycles=0"),
        ("ganglion_serial_execute", "-GActionWords=255"),
    ],
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    report = lint(RTL, module, "-Wno-lint", parameter)
    assert f"{module}: " in report and parameter.partition("=")[2] in report
