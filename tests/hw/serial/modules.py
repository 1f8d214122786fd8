"""The modules of the serial shell, and what parameters the cocotb tests give them."""

from pathlib import Path

RTL = Path(__file__).parents[3] / "hw" / "shell" / "rtl"
UART = ("ganglion_uart_receiver", "ganglion_uart_transmitter")
SERIAL = (
    "ganglion_crc16",
    *UART,
    "ganglion_serial_words",
    "ganglion_serial_request",
    "ganglion_serial_execute",
    "ganglion_serial_response",
    "ganglion_serial",
)
PARAMETERS = {
    "ClocksPerBit": 8,
    "GapBytes": 16,
    "AddressBits": 12,
    "Control": 0x20,
    "Status": 0x24,
    "Cycles": 0x28,
    "Action": 0x400,
    "ActionWords": 1,
    "Start": 1,
    "FreeRunning": 4,
    "Busy": 1,
    "Done": 2,
    "TimeoutCycles": 200,
}


def sources(modules: tuple[str, ...]) -> list[Path]:
    """Return the files of modules."""
    return [RTL / f"{module}.sv" for module in modules]
