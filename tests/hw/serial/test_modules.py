"""The serial shell under cocotbext-uart: bauds that are off, noise, breaks, resets, a hung accelerator."""

from pathlib import Path

import pytest

from tests.hw.cocotb_run import run_cocotb
from tests.hw.serial.modules import PARAMETERS, SERIAL, UART, sources

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
