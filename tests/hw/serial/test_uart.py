"""Receiver and transmitter under cocotbext-uart: bauds that are off, noise, breaks, resets."""

from pathlib import Path

import pytest

from tests.hw.serial.modules import RTL
from tests.hw.cocotb_run import run_cocotb

MODULES = ("ganglion_uart_receiver", "ganglion_uart_transmitter")
TOP = Path(__file__).parents[1] / "rtl" / "uart_top.sv"


@pytest.mark.parametrize("clocks_per_bit", [8, 87])
def test_the_uart_under_cocotb(clocks_per_bit: int, tmp_path: Path) -> None:
    run_cocotb(
        "tests.hw.serial.uart_cocotb",
        "uart_top",
        [*(RTL / f"{module}.sv" for module in MODULES), TOP],
        tmp_path,
        parameters={"ClocksPerBit": clocks_per_bit},
        environment={"CLOCKS_PER_BIT": str(clocks_per_bit)},
    )
