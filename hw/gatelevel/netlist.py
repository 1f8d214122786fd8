"""A flat netlist as yosys and nextpnr write it in JSON, and as Verilog that instantiates the same cells."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import read_json

Bit = int | str
"""A net by its number, or a constant: "0", "1", "x" or "z"."""

_SLICE = re.compile(r"(INIT\w*?)_([0-9A-F]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of the top module, lowest bit first."""

    is_input: bool
    bits: tuple[Bit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell: its parameters as yosys writes them, its pins lowest bit first, and which of them it drives."""

    kind: str
    parameters: Mapping[str, str]
    pins: Mapping[str, tuple[Bit, ...]]
    outputs: frozenset[str]


@dataclass(frozen=True)
class Netlist:
    """Ports and cells of a flat module, and the names of its nets, `u_a.x_q[3]`, by their numbers."""

    top: str
    ports: Mapping[str, Port]
    cells: tuple[Cell, ...]
    names: Mapping[int, str]

    @cached_property
    def drivers(self) -> dict[int, str]:
        """Return what drives each net: the kind of a cell, or "" for an input port."""
        found = {bit: "" for port in self.ports.values() if port.is_input for bit in _nets(port.bits)}
        for cell in self.cells:
            found |= {bit: cell.kind for pin in cell.outputs for bit in _nets(cell.pins.get(pin, ()))}
        return found

    @cached_property
    def observed(self) -> tuple[int, ...]:
        """Return the nets whose switching is counted, in the order in which it is: all that are driven."""
        return tuple(sorted(self.drivers))

    @property
    def observed_width(self) -> int:
        """The width of the port `nets`: whole words of 32 bits, more than two, and one bit to spare."""
        return max(96, 32 * (len(self.observed) // 32 + 1))


def read_netlist(path: Path, top: str) -> Netlist:
    """Return the module `top` of a JSON netlist; ToolError when it is not there or not flat."""
    modules = read_json(path, ToolError).get("modules")
    if not isinstance(modules, dict):
        raise ToolError(f"{path}: no netlist of yosys or nextpnr, it has no modules")
    if top not in modules:
        raise ToolError(f"{path}: no module {top!r}; it has {', '.join(sorted(modules)[:5])}")
    module = modules[top]
    cells: list[Cell] = []
    for name, cell in module["cells"].items():
        if cell["type"] == "$scopeinfo":
            continue
        inner = modules.get(cell["type"], {}).get("attributes", {})
        if cell["type"] in modules and not int(inner.get("blackbox", "0"), 2):
            raise ToolError(f"{path}: {name} is a module, {cell['type']}; a flat netlist is needed")
        directions = cell["port_directions"]
        cells.append(
            Cell(
                kind=cell["type"],
                parameters=cell["parameters"],
                pins={pin: tuple(bits) for pin, bits in cell["connections"].items()},
                outputs=frozenset(pin for pin, direction in directions.items() if direction == "output"),
            )
        )
    return Netlist(
        top=top,
        ports={
            name: Port(is_input=port["direction"] == "input", bits=tuple(port["bits"]))
            for name, port in module["ports"].items()
        },
        cells=tuple(cells),
        names=_names(module["netnames"]),
    )


def _names(netnames: Mapping[str, Any]) -> dict[int, str]:
    """Return the shortest name that people gave to each net, or else the tool's."""
    names: dict[int, str] = {}
    for name, net in sorted(netnames.items(), key=lambda item: (item[1].get("hide_name", 0), len(item[0]))):
        is_vector = len(net["bits"]) > 1 or "offset" in net
        for index, bit in enumerate(net["bits"], start=int(net.get("offset", 0))):
            if isinstance(bit, int):
                names.setdefault(bit, f"{name}[{index}]" if is_vector else name)
    return names


def write_verilog(netlist: Netlist, merged: Collection[str]) -> str:
    """Return the netlist as Verilog, whose port `nets` shows the observed nets.

    merged: the cells whose INIT_00, INIT_01, … are one parameter INIT of their model.
    """
    width, observed = netlist.observed_width, netlist.observed
    ports = [
        f"  {'input' if port.is_input else 'output'} wire [{len(port.bits) - 1}:0] {name}"
        for name, port in netlist.ports.items()
    ]
    return "\n".join(
        [
            f"module {netlist.top} (",
            ",\n".join([*ports, f"  output wire [{width - 1}:0] nets"]),
            ");",
            *(f"  wire n{bit};" for bit in sorted(_all_nets(netlist))),
            *(_port(name, port) for name, port in netlist.ports.items()),
            *(f"  assign nets[{index}] = n{bit};" for index, bit in enumerate(observed)),
            f"  assign nets[{width - 1}:{len(observed)}] = '0;",
            *(_instance(index, cell, cell.kind in merged) for index, cell in enumerate(netlist.cells)),
            "endmodule\n",
        ]
    )


def _port(name: str, port: Port) -> str:
    if port.is_input:
        return f"  assign {_vector(port.bits)} = {name};"
    return f"  assign {name} = {_vector(port.bits)};"


def _instance(index: int, cell: Cell, merged: bool) -> str:
    given = dict(_merged(cell.parameters)) if merged else cell.parameters
    parameters = ", ".join(f".{name}({_literal(value)})" for name, value in given.items())
    pins = ", ".join(f".{pin}({_vector(bits)})" for pin, bits in cell.pins.items() if bits)
    return f"  {cell.kind} {f'#({parameters}) ' if parameters else ''}u{index} ({pins});"


def _merged(parameters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield parameters in which the slices of a memory, INIT_00 the lowest, are put together."""
    whole: dict[str, str] = {}
    for name, value in sorted(parameters.items()):
        if found := _SLICE.fullmatch(name):
            whole[found.group(1)] = value + whole.get(found.group(1), "")
        else:
            yield name, value
    yield from whole.items()


def _literal(value: str) -> str:
    return f"{len(value)}'b{value}" if value and set(value) <= set("01xz") else f'"{value.rstrip()}"'


def _vector(bits: Sequence[Bit]) -> str:
    names = [f"n{bit}" if isinstance(bit, int) else f"1'b{bit}" for bit in reversed(bits)]
    return f"{{{', '.join(names)}}}"


def _nets(bits: Sequence[Bit]) -> list[int]:
    return [bit for bit in bits if isinstance(bit, int)]


def _all_nets(netlist: Netlist) -> set[int]:
    pins = [bits for cell in netlist.cells for bits in cell.pins.values()]
    return {bit for bits in (*pins, *(port.bits for port in netlist.ports.values())) for bit in _nets(bits)}
