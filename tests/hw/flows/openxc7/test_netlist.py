"""What yosys really makes for nextpnr-xilinx: the processing system's port, and cells that can be routed."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.engines.unrolled.plan import plan
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.flows.openxc7 import FLOW
from ganglion.hw.flows.openxc7.flow import TOP, synthesize
from ganglion.hw.mapping.compile_settings import CompileSettings
from ganglion.hw.shell.description import Shell
from ganglion.hw.shell.generate import generate, write_shell
from ganglion.hw.target.board import find_board
from ganglion.models.build.codec import decode_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.select_policy import shipped_policy
from tests.hw.bare import build_bare
from tests.hw.engines.unrolled.test_lint import lint
from tests.hw.shell.shells import POLICY, build_shells
from tests.networks import random_network

# What yosys' library declares of the two cells of the device, as ports alone.
CELLS = """
/* verilator lint_off DECLFILENAME */
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNDRIVEN */
module BUFG (input logic I, output logic O);
endmodule
module PS7 (
  output logic [3:0] FCLKCLK, FCLKRESETN, input logic [3:0] FCLKCLKTRIGN, input logic MAXIGP0ACLK,
  output logic [31:0] MAXIGP0AWADDR, MAXIGP0ARADDR, MAXIGP0WDATA, input logic [31:0] MAXIGP0RDATA,
  output logic [11:0] MAXIGP0AWID, MAXIGP0ARID, input logic [11:0] MAXIGP0BID, MAXIGP0RID,
  output logic [3:0] MAXIGP0AWLEN, MAXIGP0ARLEN, MAXIGP0WSTRB,
  output logic [1:0] MAXIGP0AWSIZE, MAXIGP0ARSIZE, MAXIGP0AWBURST, MAXIGP0ARBURST,
  input logic [1:0] MAXIGP0BRESP, MAXIGP0RRESP,
  output logic MAXIGP0AWVALID, MAXIGP0WVALID, MAXIGP0WLAST, MAXIGP0BREADY, MAXIGP0ARVALID, MAXIGP0RREADY,
  input logic MAXIGP0AWREADY, MAXIGP0WREADY, MAXIGP0BVALID, MAXIGP0ARREADY, MAXIGP0RVALID, MAXIGP0RLAST
);
endmodule
"""

# The types of cells that were routed on another machine.
ROUTABLE = {
    *(f"LUT{inputs}" for inputs in range(1, 7)),
    *("INV", "FDRE", "FDSE", "CARRY4", "MUXF7", "MUXF8", "RAM32M", "RAM64M", "SRL16E"),
    *("DSP48E1", "RAMB18E1", "PS7", "BUFG"),
}


def cells(netlist: Path) -> Counter[str]:
    """Return how many cells of each type the top of a netlist has."""
    top = json.loads(netlist.read_text())["modules"][TOP]
    return Counter(cell["type"] for cell in top["cells"].values())


def test_the_top_is_clean(tmp_path: Path) -> None:
    build = build_shells(tmp_path, (4, 3), lanes=1)
    (tmp_path / "cells.sv").write_text(CELLS)
    sources = [tmp_path / source for source in build.shell.sources]
    waived = ("-Wno-PINCONNECTEMPTY",)  # the interrupt, which no one listens to
    assert lint(TOP, [tmp_path / "cells.sv", *sources, FLOW / f"{TOP}.sv"], *waived) == ""


@pytest.mark.slow
def test_an_unrolled_network_has_no_lut6_2(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(0), (6, 5, 3))
    design = build_bare(plan(network, UnrolledShape(adders_per_stage=2)), tmp_path).design
    shell = write_shell(BuildPaths(root=tmp_path), design, POLICY)
    found = cells(synthesize(design, shell, tmp_path / "work" / "openxc7"))
    assert found["LUT6_2"] == 0 and found["PS7"] == found["BUFG"] == 1
    assert any(".Xc7(1)" in (tmp_path / source).read_text() for source in design.sources)


@pytest.mark.slow
def test_the_shipped_hopper_is_made_of_cells_that_can_be_routed(tmp_path: Path) -> None:
    paths = BuildPaths.of("Hopper", tmp_path)
    paths.root.mkdir()
    paths.policy.symlink_to(shipped_policy("Hopper"))
    compile_policy(paths, CompileSettings(board=find_board("Pynq-Z2")))
    design = generate(paths)
    shell = decode_json(Shell, paths.shell_json)
    found = cells(synthesize(design, shell, paths.work / "openxc7"))
    assert found["LUT6_2"] == 0 and found["PS7"] == found["BUFG"] == 1
    assert (found["DSP48E1"], found["RAMB18E1"]) == (8, 9)
    assert set(found) <= ROUTABLE
