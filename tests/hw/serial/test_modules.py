"""The serial shell's modules under cocotbext-uart: bauds that are off, noise, breaks, resets, hung accelerators."""

from pathlib import Path

import pytest

from tests.hw.cocotb_run import run_cocotb
from tests.hw.engines.folded.test_lint import lint
from tests.hw.serial.modules import PARAMETERS, RTL, SERIAL, UART, sources

TOP = Path(__file__).parents[1] / "rtl" / "uart_top.sv"


@pytest.mark.parametrize("clocks_per_bit", [11])
def test_the_uart_under_cocotb(clocks_per_bit: int, tmp_path: Path) -> None:
    run_cocotb(
        "tests.hw.serial.uart_cocotb",
        "uart_top",
        [*sources(UART), TOP],
        tmp_path,
        parameters={"ClocksPerBit": clocks_per_bit},
        environment={"CLOCKS_PER_BIT": str(clocks_per_bit)},
    )


def test_requests_under_cocotb_reach_a_register_block(tmp_path: Path) -> None:
    run_cocotb("tests.hw.serial.serial_cocotb", "ganglion_serial", sources(SERIAL), tmp_path, PARAMETERS)


@pytest.mark.parametrize("module", SERIAL)
def test_module_lints_clean_on_its_own(module: str) -> None:
    assert lint(RTL, module) == ""


@pytest.mark.parametrize("module", SERIAL)
def test_module_is_short_and_says_what_it_is(module: str) -> None:
    lines = (RTL / f"{module}.sv").read_text().splitlines()
    assert len(lines) <= 150 and max(map(len, lines)) <= 100
    assert all(line.startswith("// ") for line in lines[:4])
    assert lines[1].startswith("// Latency ")
    assert "handshake" in lines[2]
    assert lines[3].startswith("// Golden: ")


@pytest.mark.parametrize(
    ("module", "parameter"),
    [
        ("ganglion_uart_receiver", "-GClocksPerBit=7"),
        ("ganglion_uart_transmitter", "-GClocksPerBit=7"),
        ("ganglion_serial_request", "-GGapCycles=0"),
        ("ganglion_serial_execute", "-GActionWords=255"),
    ],
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    report = lint(RTL, module, "-Wno-lint", parameter)
    assert f"{module}: " in report and parameter.partition("=")[2] in report
