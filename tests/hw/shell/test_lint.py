"""The shell's modules, hand-written and generated, lint clean, are short and say what they are."""

import re
from pathlib import Path

import pytest

from ganglion.hw.shell.generate import RTL
from tests.hw.lint import assert_dies, assert_is_clean_and_says_what_it_is, lint_in
from tests.hw.shell.shells import build_shells

MODULES = sorted(path.stem for path in RTL.glob("*.sv"))


@pytest.mark.parametrize("module", MODULES)
def test_module_lints_clean_and_is_short_and_says_what_it_is(module: str) -> None:
    assert_is_clean_and_says_what_it_is(module, RTL)


def test_every_module_is_in_the_catalogue() -> None:
    catalogue = re.findall(r"^\| `(\w+)` \|", (RTL / "README.md").read_text(), re.MULTILINE)
    assert sorted(catalogue) == MODULES


@pytest.mark.parametrize(("lanes", "input_bits"), [(8, 8), (3, 5)])
def test_generated_tops_lint_clean(lanes: int, input_bits: int, tmp_path: Path) -> None:
    build = build_shells(tmp_path, input_bits=input_bits, lanes=lanes)
    for top in build.shell.tops.values():
        # A port is called "interrupt", which Verilator would rather keep for C++.
        options = ("-y", str(build.paths.rtl), "-Wno-SYMRSVDWORD")
        assert lint_in(build.paths.shell, top, *options) == ""


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
    assert_dies(module, parameter, RTL)
