"""Put the registers behind an ECP5's block RAMs into them, where yosys leaves flip-flops."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ganglion.models.build.files import atomic_write

MEMORY, REGISTER = "DP16KD", "TRELLIS_FF"
WIDE = 36
"""A memory of words so wide shows a half of them at each port's pins, both at the clock of port B."""

Cell = dict[str, Any]


def use_output_registers(path: Path, top: str) -> int:
    """Return how many flip-flops of the module `top` of a JSON netlist became output registers.

    The cells are rewritten in `path`; a netlist without such memories stays as it is. A port's register is
    used where each bit that it shows goes to one flip-flop of its clock that is always enabled and starts as
    zero, and to nothing else.
    """
    netlist = json.loads(path.read_text())
    module = netlist["modules"][top]
    loads = _loads(module)
    absorbed: list[str] = []
    for memory in [cell for cell in module["cells"].values() if cell["type"] == MEMORY]:
        for ports, control in _groups(memory):
            absorbed += _absorb(memory, ports, control, module["cells"], loads)
    if absorbed:
        for name in absorbed:
            del module["cells"][name]
        atomic_write(path, json.dumps(netlist))
    return len(absorbed)


def _loads(module: dict[str, Any]) -> dict[int, list[tuple[str, str]]]:
    """Return what each net goes to: a cell's name and pin, or "" and a port of the module."""
    loads: dict[int, list[tuple[str, str]]] = defaultdict(list)
    ends = [("", name, port["bits"]) for name, port in module["ports"].items()]
    for name, cell in module["cells"].items():
        inputs = (pin for pin, direction in cell["port_directions"].items() if direction != "output")
        ends += [(name, pin, cell["connections"].get(pin, ())) for pin in inputs]
    for name, pin, bits in ends:
        for bit in bits:
            loads[bit].append((name, pin))
    return loads


def _groups(memory: Cell) -> Iterator[tuple[str, str]]:
    """Yield the ports that share a register's mode, and the one whose clock and enable are theirs."""
    if int(memory["parameters"]["DATA_WIDTH_B"], 2) == WIDE:
        yield "AB", "B"
    else:
        yield from (("A", "A"), ("B", "B"))


def _absorb(
    memory: Cell, ports: str, control: str, cells: dict[str, Cell], loads: dict[int, list[tuple[str, str]]]
) -> list[str]:
    """Return the names of the flip-flops that the registers of `ports` replace, none where they cannot."""
    pins = memory["connections"]
    if pins[f"OCE{control}"] != ["1"] or any(pins[f"RST{port}"] != ["0"] for port in ports):
        return []
    shown = {
        pin: pins[pin][0]
        for port in ports
        for pin in pins
        if pin.startswith(f"DO{port}") and loads[pins[pin][0]]
    }
    found: dict[str, str] = {}
    for pin, net in shown.items():
        (name, at), *others = loads[net]
        if others or not name or at != "DI" or not _is_plain(cells[name], pins[f"CLK{control}"]):
            return []
        found[pin] = name
    for port in ports if found else ():
        memory["parameters"][f"REGMODE_{port}"] = "OUTREG"
    for pin, name in found.items():
        pins[pin] = cells[name]["connections"]["Q"]
    return list(found.values())


def _is_plain(register: Cell, clock: list[int]) -> bool:
    """Return whether a cell is a flip-flop of this clock, always enabled, never reset, and zero at first."""
    if register["type"] != REGISTER:
        return False
    parameters, pins = register["parameters"], register["connections"]
    return (
        pins["CLK"] == clock
        and parameters["CLKMUX"] == "CLK"
        and parameters["CEMUX"].strip() == "1"
        and parameters["REGSET"] == "RESET"
        and pins["LSR"] == ["0"]
    )
