"""The netlist that nextpnr routed on an iCE40, as Verilog of cells that yosys has models for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ganglion.hw.gatelevel.netlist import Bit, Cell, Netlist

BUFFER = "module WIRE (input wire A, output wire Y); assign Y = A; endmodule\n"
HIGH_WHEN_OPEN = {"CEN", "RCLKE", "WCLKE", "CE"}
"""Inputs of cells that are enabled where nothing is connected; the others are low."""
_BIT = re.compile(r"(\w+)_(\d+)")


def simulable(netlist: Netlist) -> Netlist:
    """Return the netlist with pads, global buffers and PLL as wires: the oscillator is the clock."""
    return replace(netlist, cells=tuple(_cells(netlist)))


def _cells(netlist: Netlist) -> Iterator[Cell]:
    for cell in netlist.cells:
        pins = cell.pins
        if cell.kind == "SB_IO":
            if pins.get("D_IN_0"):
                yield _wire(pins["PACKAGE_PIN"], pins["D_IN_0"])
            elif pins.get("D_OUT_0"):
                yield _wire(pins["D_OUT_0"], pins["PACKAGE_PIN"])
        elif cell.kind == "SB_GB":
            source = pins["USER_SIGNAL_TO_GLOBAL_BUFFER"] or netlist.ports["clock"].bits
            yield _wire(source, pins["GLOBAL_BUFFER_OUTPUT"])
        elif cell.kind == "ICESTORM_PLL":
            yield _wire(("1",), pins["LOCK"])
        elif cell.kind == "ICESTORM_DSP":
            yield replace(_connected(cell), kind="SB_MAC16", pins=_vectors(_connected(cell).pins))
        else:
            yield _connected(cell)


def _wire(source: tuple[Bit, ...], sink: tuple[Bit, ...]) -> Cell:
    return Cell(kind="WIRE", parameters={}, pins={"A": source, "Y": sink}, outputs=frozenset("Y"))


def _connected(cell: Cell) -> Cell:
    """Return a cell none of whose inputs is open."""
    pins = {
        name: bits or (() if name in cell.outputs else ("1" if name in HIGH_WHEN_OPEN else "0",))
        for name, bits in cell.pins.items()
    }
    return replace(cell, pins=pins)


def _vectors(pins: Mapping[str, tuple[Bit, ...]]) -> dict[str, tuple[Bit, ...]]:
    """Return pins whose bits A_0, A_1, ... are one pin A; an open output's bits are left out at the top."""
    found: dict[str, dict[int, Bit]] = {}
    whole: dict[str, tuple[Bit, ...]] = {}
    for name, bits in pins.items():
        if match := _BIT.fullmatch(name):
            found.setdefault(match[1], {}).update({int(match[2]): bit for bit in bits})
        else:
            whole[name] = bits
    return whole | {name: tuple(bits[index] for index in sorted(bits)) for name, bits in found.items()}
