"""What differs between the architectures that nextpnr places: tools, constraints, the clock's cell."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ganglion.hw.target.pll import Divisors
from ganglion.hw.target.wiring import Pin, Wiring

ROUTED = "routed.json"
"""The routed netlist that nextpnr writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool of a package from PyPI: its name, the package, the Python statement that runs it on sys.argv."""

    name: str
    distribution: str
    run: str

    @property
    def command(self) -> tuple[str, ...]:
        """The command that runs it."""
        return sys.executable, "-c", self.run


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A run of a tool with its arguments; files are named relative to the flow's folder."""

    tool: Tool
    arguments: Sequence[str]


class Architecture(Protocol):
    """A folder's worth of differences; listed in hw/flows/nextpnr/flow.py by its name."""

    nextpnr: Tool
    clock_module: str
    """The file in this folder that makes the accelerator's clock."""
    suffix: str
    """Of the bit file."""

    def place(self, wiring: Wiring) -> list[str]:
        """Return nextpnr's arguments beside netlist, seed, clock and report."""
        ...

    def constraints(self, pins: Mapping[str, Pin], clock_mhz: float) -> dict[str, str]:
        """Return the files that tell where the ports of the board's top are, `<port>` at `pins[port]`."""
        ...

    def clock_parameters(self, wiring: Wiring, divisors: Divisors) -> dict[str, str]:
        """Return the parameters of the clock's module, as SystemVerilog."""
        ...

    def pack(self, wiring: Wiring, bit_file: str) -> Step:
        """Return the step from what nextpnr wrote to the bit file."""
        ...


def wasm_tool(package: str, tool: str) -> Tool:
    """Return a tool of a package of YoWASP."""
    function = "run_" + tool.replace("-", "_")
    module = package.replace("-", "_")
    return Tool(
        name=tool,
        distribution=package,
        run=f"import sys, {module}; sys.exit({module}.{function}(sys.argv[1:]))",
    )


def dividers(divisors: Divisors) -> dict[str, str]:
    """Return the parameters that every clock's module has."""
    return {
        "Reference": str(divisors.reference),
        "Feedback": str(divisors.feedback),
        "Output": str(divisors.output),
    }
