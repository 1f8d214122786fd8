"""Resources are counted cell by cell and node by node, and yosys' errors arrive in one line."""

from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw import synth
from ganglion.hw.design.design import load_design
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import ExportError, ToolError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from tests.hw.toy import toy_design, write_toy_build

FAMILY = find_board("Pynq-Z2").family


def test_cells_count_for_what_they_are_made_of() -> None:
    cells = {"LUT6": 10, "LUT6_2": 3, "RAM32M": 2, "SRL16E": 1, "FDRE": 7, "FDSE": 1, "MUXF7": 4}
    cells |= {"$scopeinfo": 9, "DSP48E1": 5, "RAMB18E1": 1, "RAMB36E1": 2, "CARRY4": 6, "MYSTERY": 9}
    expected = {"lut": 22, "ff": 8, "dsp": 5, "bram": 5, "carry": 6, "other": 9}
    assert synth.count_resources(cells, FAMILY.cells) == expected


def test_nodes_are_the_instances_of_the_top() -> None:
    modules = {
        "\\top": {"num_cells_by_type": {"\\node$top.u_a": 1, "LUT2": 3}},
        "\\node$top.u_a": {"num_cells_by_type": {"FDRE": 2}},
    }
    nodes = synth.resources_by_node({"modules": modules}, "top", FAMILY.cells)
    assert (nodes["top"]["lut"], nodes["u_a"]["ff"]) == (3, 2)


def test_toy_is_synthesized_node_by_node(tmp_path: Path) -> None:
    paths = write_toy_build(BuildPaths.of("toy", tmp_path))
    synth.run(BuildSettings(name="toy", build=tmp_path))
    result = read_json(paths.synth)
    assert result["nodes"].keys() == {"toy_top", "u_fc1", "u_fc2"}
    assert result["other"] == 0
    assert result["nodes"]["u_fc1"]["ff"] >= (4 + 6) * 8  # its inputs and its neurons
    assert result["utilisation"]["lut"] == round(result["lut"] / 53200, 3)
    assert result["tool"].startswith("yosys 0.")


def test_yosys_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "broken.sv").write_text("module toy_top; absent u (); endmodule\n")
    design = replace(toy_design(tmp_path), sources=("broken.sv",))
    with pytest.raises(ToolError, match=r"yosys: broken.sv:1.*ERROR.*absent"):
        synth.run_yosys(design, tmp_path / "work" / "synth")


def test_a_design_that_was_never_compiled_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="toy/hw.json is missing; run ganglion compile toy first"):
        load_design(BuildPaths.of("toy", tmp_path))
