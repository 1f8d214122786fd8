"""A JSON netlist is read whole or refused, and written as Verilog that instantiates the same cells."""

from pathlib import Path
from typing import Any

import pytest

from ganglion.hw.gatelevel.netlist import read_netlist, write_verilog
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import write_json


def cell(kind: str, parameters: dict[str, str], inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:
    return {
        "type": kind,
        "parameters": parameters,
        "port_directions": dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output"),
        "connections": inputs | outputs,
    }


def module(cells: dict[str, Any]) -> Any:
    ports = {"a": {"direction": "input", "bits": [2, 3]}, "y": {"direction": "output", "bits": [4, "1"]}}
    nets = {
        "$abc$1": {"hide_name": 1, "bits": [4]},
        "u_x.y_q": {"hide_name": 0, "bits": [4]},
        "a": {"hide_name": 0, "bits": [2, 3]},
    }
    return {"attributes": {}, "ports": ports, "cells": cells, "netnames": nets}


GATE = cell("LUT2", {"INIT": "0110"}, {"I0": [2], "I1": [3]}, {"O": [4]})


def write(path: Path, cells: dict[str, Any], **modules: Any) -> Path:
    write_json(path / "n.json", {"modules": {"top": module(cells), **modules}})
    return path / "n.json"


def test_nets_have_drivers_and_the_names_that_people_gave(tmp_path: Path) -> None:
    netlist = read_netlist(write(tmp_path, {"u": GATE}), "top")
    assert netlist.drivers == {2: "", 3: "", 4: "LUT2"}
    assert netlist.names == {2: "a[0]", 3: "a[1]", 4: "u_x.y_q"}


def test_verilog_has_every_cell_pin_and_constant(tmp_path: Path) -> None:
    text = write_verilog(read_netlist(write(tmp_path, {"u": GATE}), "top"), merged=())
    for line in (
        "  LUT2 #(.INIT(4'b0110)) u0 (.I0({n2}), .I1({n3}), .O({n4}));",
        "  assign {n3, n2} = a;",
        "  assign y = {1'b1, n4};",
        "  assign nets[2] = n4;",
    ):
        assert line in text.splitlines()


def test_slices_of_a_memory_become_one_parameter_lowest_first(tmp_path: Path) -> None:
    ram = cell("RAM", {"INIT_01": "10", "INIT_00": "01", "INITP_00": "1", "MODE": "SDP"}, {}, {"Q": [4]})
    netlist = read_netlist(write(tmp_path, {"u": ram}), "top")
    assert """RAM #(.MODE("SDP"), .INITP(1'b1), .INIT(4'b1001)) u0""" in write_verilog(
        netlist, merged={"RAM"}
    )
    assert """.INIT_00(2'b01)""" in write_verilog(netlist, merged=())


def test_a_netlist_that_is_not_flat_is_refused(tmp_path: Path) -> None:
    inner = cell("inner", {}, {}, {"y": [4]})
    with pytest.raises(ToolError, match="u is a module, inner; a flat netlist is needed"):
        read_netlist(write(tmp_path, {"u": inner}, inner=module({})), "top")
    box = module({}) | {"attributes": {"blackbox": "00000001"}}
    assert read_netlist(write(tmp_path, {"u": inner}, inner=box), "top").cells[0].kind == "inner"


def test_a_missing_top_is_named_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no module 'other'; it has top"):
        read_netlist(write(tmp_path, {"u": GATE}), "other")


@pytest.mark.parametrize(("text", "said"), [("module t;", "is not valid JSON"), ("{}", "it has no modules")])
def test_a_file_that_is_no_netlist_is_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(text)
    with pytest.raises(ToolError, match=rf"net.json.*{said}"):
        read_netlist(tmp_path / "net.json", "top")
