"""openXC7's flow from a netlist to the files, against stand-ins: none of its programs is run."""

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.openxc7.flow import OpenXc7, write_files
from ganglion.hw.flows.openxc7.place import constraints_of, place
from ganglion.hw.flows.openxc7.report import cells_used, reached_mhz
from ganglion.hw.flows.openxc7.tools import Tools, find_tools
from ganglion.hw.flows.registry import find_flow
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import ToolError
from tests.hw.flows.openxc7.stand_ins import ZYNQ, Installation, install
from tests.hw.shell.shells import Build, build_shells


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_shells(tmp_path_factory.mktemp("build"), (4, 3), lanes=1)


def implement(shells: Build, installation: Installation, clock_mhz: float = 100.0, seeds: int = 3) -> BitFile:
    """Return what is made of a netlist that holds the top and nothing else."""
    tools = find_tools(ZYNQ, installation.environment)
    assert isinstance(tools, Tools)
    design = replace(shells.design, board=replace(find_board("Pynq-Z2"), clock_mhz=clock_mhz))
    netlist = installation.root / "netlist.json"
    netlist.write_text(json.dumps({"modules": {"ganglion_pynq": {}}}))
    folder = Path(os.path.relpath(installation.root / "out"))  # as it is in a build named by a relative path
    folder.mkdir()
    constraints_of(netlist).write_text("")
    routed = place(tools, netlist, design.root, clock_mhz, seeds)
    return write_files(tools, routed, design, shells.shell, folder)


def test_the_best_of_the_seeds_is_taken(shells: Build, tmp_path: Path) -> None:
    made = implement(shells, install(tmp_path, mhz=(116.7, 120.2, 117.8)))
    assert (made.seed, made.clock_mhz) == (2, 120.2)
    assert made.files == tuple(
        Path(os.path.relpath(tmp_path)) / "out" / f"bare.{kind}" for kind in ("bit", "hwh")
    )
    assert made.files[0].read_text() == "bits of frames of configuration of seed 2"
    assert made.resources == {
        **{"SLICE_LUTX": 841, "SLICE_FFX": 968, "CARRY4": 99},
        **{"RAMB18E1": 9, "DSP48E1": 8, "PS7": 1},
    }


def test_the_hwh_sets_the_clock_asked_for_where_it_is_met(shells: Build, tmp_path: Path) -> None:
    made = implement(shells, install(tmp_path))
    assert 'NAME="PCW_FCLK0_PERIPHERAL_DIVISOR0" VALUE="10"' in made.files[1].read_text()


def test_a_clock_that_is_not_met_is_lowered_to_one_that_is_and_that_is_said(
    shells: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = implement(shells, install(tmp_path), clock_mhz=125.0)
    assert (made.clock_mhz, made.runs_mhz) == (120.2, 111.111111)
    assert 'NAME="PCW_FCLK0_PERIPHERAL_DIVISOR0" VALUE="9"' in made.files[1].read_text()
    assert (
        "120.2 MHz are reached of 125.0 asked, so the bit file's clock is 111.111 MHz"
        in capsys.readouterr().out
    )


def test_a_seed_that_cannot_be_routed_is_passed_over(shells: Build, tmp_path: Path) -> None:
    assert implement(shells, install(tmp_path, unroutable=(1,))).seed == 3


def test_a_design_that_no_seed_routes_is_no_bit_file(shells: Build, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"nextpnr-xilinx: ERROR: Failed to route arc .* from seed 1 \(log: "):
        implement(shells, install(tmp_path, unroutable=(1, 2, 3)))
    assert not list(tmp_path.rglob("*.bit"))


def test_a_chip_database_that_is_not_installed_is_made_once(shells: Build, tmp_path: Path) -> None:
    installation = install(tmp_path)
    (tmp_path / "chips" / "xc7z020clg400.bin").unlink()
    made = shells.design.root.parent / "openxc7" / "xc7z020clg400.bin"
    shutil.rmtree(made.parent, ignore_errors=True)
    implement(shells, installation)
    assert made.is_file() and not made.with_suffix(".bba").exists()
    (tmp_path / "python" / "bbaexport.py").write_text("raise SystemExit('a second time')")
    shutil.rmtree(tmp_path / "out")
    implement(shells, installation)


@pytest.mark.parametrize("name", ["xc7z020clg400.bin", "xc7z020.bin"])
@pytest.mark.parametrize("variable", ["NEXTPNR_XILINX_CHIPDB_DIR", "CHIPDB"])
def test_a_chip_database_is_found_by_either_name_in_either_folder(
    name: str, variable: str, tmp_path: Path
) -> None:
    environment = install(tmp_path).environment
    (tmp_path / "chips" / "xc7z020clg400.bin").rename(tmp_path / "chips" / name)
    environment[variable] = environment.pop("NEXTPNR_XILINX_CHIPDB_DIR")
    tools = find_tools(ZYNQ, environment)
    assert isinstance(tools, Tools) and tools.chip_database == (tmp_path / "chips" / name).resolve()


def test_the_snap_sets_no_environment_and_is_found(tmp_path: Path) -> None:
    installation = install(tmp_path / "snap")
    (tmp_path / "snap" / "external").mkdir()
    (tmp_path / "snap" / "database").rename(tmp_path / "snap" / "external" / "prjxray-db")
    tools = find_tools(ZYNQ, {"PATH": installation.environment["PATH"]}, snap=tmp_path / "snap")
    assert isinstance(tools, Tools)
    assert tools.part_file.is_file() and tools.exporter.is_file() and tools.chip_database is None


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("bin/fasm2frames", "openXC7 is not installed: fasm2frames not on PATH"),
        (
            f"database/zynq7/{ZYNQ.name}/part.yaml",
            r"database is not whole: .*part.yaml is missing \(set PRJXRAY_DB",
        ),
        ("chips/xc7z020clg400.bin", r"has no xc7z020clg400.bin in \$NEXTPNR_XILINX_CHIPDB_DIR or \$CHIPDB"),
    ],
)
def test_what_is_missing_is_said(missing: str, reason: str, tmp_path: Path) -> None:
    installation = install(tmp_path)
    (tmp_path / missing).unlink()
    (tmp_path / "python" / "bbaexport.py").unlink()
    said = OpenXc7(installation.environment).unavailable(find_board("Pynq-Z2"))
    assert said is not None and re.search(reason, said)


def test_a_whole_installation_is_available_for_the_boards_it_knows(tmp_path: Path) -> None:
    flow = OpenXc7(install(tmp_path).environment)
    assert flow.unavailable(find_board("Pynq-Z1")) is None
    assert "not known to build for ZCU104" in str(flow.unavailable(find_board("ZCU104")))
    assert set(flow.tools()) == {"yosys", "nextpnr-xilinx", "fasm2frames", "xc7frames2bit"}


def test_openxc7_is_taken_where_there_is_no_vivado(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installation = install(tmp_path)
    for name, value in installation.environment.items():
        monkeypatch.setenv(name, value)
    flow = find_flow(find_board("Pynq-Z1"))
    assert not isinstance(flow, str) and flow.name == "openxc7"
    (installation.programs / "vivado").symlink_to(installation.programs / "bbasm")
    flow = find_flow(find_board("Pynq-Z1"))
    assert not isinstance(flow, str) and flow.name == "vivado"


def test_the_clock_is_what_routing_left_of_the_slowest_domain() -> None:
    report = """Info: Max frequency for clock 'a': 99.00 MHz (FAIL at 100.00 MHz)
Info: Max frequency for clock       'b': 140.00 MHz (PASS at 100.00 MHz)
Info: Max frequency for clock 'a': 130.00 MHz (PASS at 100.00 MHz)"""
    assert reached_mhz(report) == 130.0
    with pytest.raises(ToolError, match="named no clock"):
        reached_mhz("Info: no clocks")
    assert cells_used("Info:   DSP48E1:     8/  220     3%\nInfo:  PAD:   0/  200     0%") == {"DSP48E1": 8}
