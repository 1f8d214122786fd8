"""The netlist that place and route left of a whole board answers golden vectors on its serial line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.flows.yosys.run import share
from ganglion.hw.gatelevel.netlist import Netlist, read_netlist, write_verilog
from ganglion.hw.shell.description import TOPS
from ganglion.models.build.paths import BuildPaths
from tests.hw.flows.nextpnr.routed_ice40 import BUFFER, simulable
from tests.hw.flows.nextpnr.test_flow import NETWORK, Made, make, wiring_of
from tests.hw.shell.serial_board import SerialBoard
from tests.hw.shell.shells import Build

RESET_CYCLES = 300
"""More than a board's reset takes."""
LIBRARY = share() / "ice40" / "cells_sim.v"
HARNESS_TOP = TOPS["serial"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("icebreaker"), "icebreaker")


def board_of(made: Made, netlist: Netlist, folder: Path) -> SerialBoard:
    """Return a netlist of the board's top as the simulated board that serial shells are tested with."""
    cycles = wiring_of(made.design.board).clocks_per_bit(made.bit_file.runs_mhz or 0)
    # Models ask whether an input is open, which makes it a tristate for Verilator; here none is.
    cells = BUFFER + LIBRARY.read_text().replace("=== 1'bz", "&& 1'b0")
    (folder / "cells.v").write_text(cells)
    (folder / "netlist.v").write_text(write_verilog(netlist, merged=()))
    (folder / f"{HARNESS_TOP}.sv").write_text(f"""
module {HARNESS_TOP} #(parameter int ClocksPerBit /*verilator public*/ = {cycles}) (
  input logic clk_i, input logic rst_ni, input logic rx_i, output logic tx_o
);
  {netlist.top} u_board (
    .clock(clk_i), .reset(rst_ni), .rx(rx_i), .tx(tx_o), .ready(), .answer(), .nets()
  );
endmodule
""")
    sources = [str(folder / name) for name in ("cells.v", "netlist.v", f"{HARNESS_TOP}.sv")]
    shell = replace(made.shell, sources=tuple(sources))
    design = replace(made.design, memories={})
    board = SerialBoard(Build(paths=BuildPaths(root=folder), network=NETWORK, design=design, shell=shell))
    board.cycles_per_byte = 10 * cycles
    return board


def wrong_answers(board: SerialBoard, count: int) -> int:
    inputs = np.random.default_rng(0).integers(-128, 128, (count, NETWORK.spec.widths[0]))
    with board.opened() as opened:
        opened.run(RESET_CYCLES)
        got = np.array([opened.infer(vector) for vector in inputs])
    return int((got != NETWORK.forward(inputs)[-1]).any(axis=1).sum())


@pytest.mark.slow
def test_the_routed_netlist_of_a_board_answers_golden_vectors(made: Made, tmp_path: Path) -> None:
    netlist = simulable(read_netlist(made.routed, "top"))
    kinds = {cell.kind for cell in netlist.cells}
    assert kinds == {"WIRE", "ICESTORM_LC", "ICESTORM_RAM", "SB_MAC16"}
    assert wrong_answers(board_of(made, netlist, tmp_path), 100) == 0


@pytest.mark.slow
def test_a_fault_in_the_routed_netlist_is_seen(made: Made, tmp_path: Path) -> None:
    netlist = simulable(read_netlist(made.routed, "top"))
    swapped = [
        replace(cell, pins=cell.pins | {"A": cell.pins["B"], "B": cell.pins["A"][::-1]})
        if cell.kind == "SB_MAC16"
        else cell
        for cell in netlist.cells
    ]
    assert wrong_answers(board_of(made, replace(netlist, cells=tuple(swapped)), tmp_path), 20) > 0
