"""What stands around the accelerator: a Zynq's processing system, or a board's serial line."""

from collections.abc import Mapping
from dataclasses import dataclass

from ganglion.hw.flows.nextpnr import FLOW as BOARD_RTL
from ganglion.hw.flows.nextpnr.board_top import TOP as BOARD_TOP
from ganglion.hw.flows.nextpnr.board_top import board_top
from ganglion.hw.flows.openxc7 import FLOW
from ganglion.hw.shell.description import Shell
from ganglion.hw.target.board import Board
from ganglion.hw.target.wiring import Pin, Wiring
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled

PROCESSOR_TOP = "ganglion_pynq"
MOST_HALVINGS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """A top module: its name and parameters, the SystemVerilog around the shell by module, its pins."""

    name: str
    parameters: str
    modules: Mapping[str, str]
    constraints: str


def processor_top(shell: Shell) -> Top:
    """Return the top behind a Zynq-7000's processing system, which needs no pins."""
    text = (FLOW / f"{PROCESSOR_TOP}.sv").read_text()
    return Top(
        name=PROCESSOR_TOP,
        parameters=f"-G AddressBits={shell.address_bits}",
        modules={PROCESSOR_TOP: text},
        constraints="",
    )


def serial_top(wiring: Wiring, shell: Shell, clock_mhz: float) -> Top:
    """Return the top behind a serial line, at a clock that `divided_clock` returns."""
    halvings = round(wiring.oscillator_mhz / clock_mhz).bit_length() - 1
    parameters = {"Halvings": str(halvings)} if halvings else None
    return Top(
        name=BOARD_TOP,
        parameters="",
        modules={
            "ganglion_reset": (BOARD_RTL / "ganglion_reset.sv").read_text(),
            "ganglion_clock": (FLOW / "ganglion_clock_xc7.sv").read_text(),
            BOARD_TOP: board_top(wiring, shell.tops["serial"], clock_mhz, parameters),
        },
        constraints=_xdc(wiring.pins),
    )


def divided_clock(board: Board, limit_mhz: float) -> float:
    """Return the board's oscillator, halved until it is at most `limit_mhz` and the serial line runs at it.

    ConfigError when none is.
    """
    if board.wiring is None:
        raise ConfigError(f"{board.name}: its file has no [wiring], by which the pins are known")
    clocks = (board.wiring.oscillator_mhz / 2**halvings for halvings in range(MOST_HALVINGS + 1))
    slow_enough = [mhz for mhz in clocks if mhz <= limit_mhz and board.wiring.carries(mhz)]
    if not slow_enough:
        raise ConfigError(
            f"{board.name}: no clock up to {spelled('clock_mhz', f'{limit_mhz:g}')} is its oscillator's "
            f"{board.wiring.oscillator_mhz:g} MHz halved {MOST_HALVINGS} times at most, and one that its "
            "serial line runs at"
        )
    return slow_enough[0]


def _xdc(pins: Mapping[str, Pin]) -> str:
    """Return the sites and standards of ports as nextpnr-xilinx reads them."""
    return "".join(
        f"set_property LOC {pin.site} [get_ports {{{port}}}]\n"
        f"set_property IOSTANDARD {pin.standard} [get_ports {{{port}}}]\n"
        for port, pin in pins.items()
    )
