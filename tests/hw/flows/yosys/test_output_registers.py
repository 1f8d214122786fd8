"""A block RAM's output registers take flip-flops that do exactly what they do, and no others."""

from pathlib import Path
from typing import Any

import pytest

from ganglion.hw.flows.yosys.output_registers import use_output_registers
from ganglion.models.build.files import read_json, write_json

CLOCK, SHOWN, HELD = 2, 3, 4
"""Nets: the clock, what the memory shows, what the flip-flop holds."""


def memory(width: int = 18, **pins: list[Any]) -> dict[str, Any]:
    inputs = {"CLKA": ["0"], "CLKB": [CLOCK], "OCEA": ["0"], "OCEB": ["1"], "RSTA": ["0"], "RSTB": ["0"]}
    outputs = {"DOA0": [9], "DOB0": [SHOWN]}
    return {
        "type": "DP16KD",
        "parameters": {"DATA_WIDTH_B": f"{width:032b}", "REGMODE_A": "NOREG", "REGMODE_B": "NOREG"},
        "port_directions": dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output"),
        "connections": inputs | outputs | pins,
    }


def register(pins: dict[str, list[Any]] | None = None, **parameters: str) -> dict[str, Any]:
    directions = {"CLK": "input", "LSR": "input", "DI": "input", "CE": "input", "Q": "output"}
    return {
        "type": "TRELLIS_FF",
        "parameters": {"CLKMUX": "CLK", "CEMUX": "1 ", "REGSET": "RESET"} | parameters,
        "port_directions": directions,
        "connections": {"CLK": [CLOCK], "LSR": ["0"], "DI": [SHOWN], "Q": [HELD]} | (pins or {}),
    }


def absorbed(folder: Path, outputs: list[int], **cells: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return how many flip-flops went, and the cells that are left."""
    ports = {"y": {"direction": "output", "bits": outputs}}
    path = folder / "netlist.json"
    write_json(path, {"modules": {"top": {"ports": ports, "cells": cells}}})
    count = use_output_registers(path, "top")
    return count, read_json(path)["modules"]["top"]["cells"]


@pytest.mark.parametrize("width", [18, 36])
def test_a_plain_flip_flop_becomes_the_memorys_register(width: int, tmp_path: Path) -> None:
    count, cells = absorbed(tmp_path, [HELD], u_ram=memory(width), u_q=register())
    assert count == 1 and set(cells) == {"u_ram"}
    assert cells["u_ram"]["connections"]["DOB0"] == [HELD]
    modes = [cells["u_ram"]["parameters"][f"REGMODE_{port}"] for port in "AB"]
    assert modes == ["OUTREG" if width == 36 else "NOREG", "OUTREG"]


@pytest.mark.parametrize(
    ("pins", "parameters"),
    [
        ({"CLK": [7]}, {}),
        ({"LSR": [7]}, {}),
        ({"DI": [7], "CE": [SHOWN]}, {}),
        ({}, {"CEMUX": "CE"}),
        ({}, {"CLKMUX": "INV"}),
        ({}, {"REGSET": "SET"}),
    ],
)
def test_another_flip_flop_stays(
    pins: dict[str, list[Any]], parameters: dict[str, str], tmp_path: Path
) -> None:
    count, cells = absorbed(tmp_path, [HELD], u_ram=memory(), u_q=register(pins, **parameters))
    assert count == 0 and cells["u_ram"] == memory()


def test_what_is_also_read_unregistered_stays(tmp_path: Path) -> None:
    assert absorbed(tmp_path, [HELD, SHOWN], u_ram=memory(), u_q=register())[0] == 0
    other = register({"Q": [8]})
    assert absorbed(tmp_path, [HELD], u_ram=memory(), u_q=register(), u_r=other)[0] == 0


@pytest.mark.parametrize("pins", [{"RSTB": [7]}, {"OCEB": [7]}])
def test_a_memory_that_is_reset_or_holds_its_output_keeps_its_latches(
    pins: dict[str, list[Any]], tmp_path: Path
) -> None:
    assert absorbed(tmp_path, [HELD], u_ram=memory(**pins), u_q=register())[0] == 0


def test_a_port_of_which_one_bit_is_not_registered_stays_whole(tmp_path: Path) -> None:
    ram = memory()
    ram["connections"]["DOB1"], ram["port_directions"]["DOB1"] = [5], "output"
    assert absorbed(tmp_path, [HELD, 5], u_ram=ram, u_q=register())[0] == 0
