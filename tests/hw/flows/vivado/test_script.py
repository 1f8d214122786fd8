"""The flow of Vivado, its script run in tclsh against a stand-in that checks commands: no Vivado runs."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.vivado import FLOW
from ganglion.hw.flows.vivado.flow import MODULE, Vivado
from ganglion.hw.flows.zynq.clock import LogicClock
from ganglion.hw.flows.zynq.hwh import VLNV, hwh
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import ToolError
from tests.hw.lint import lint
from tests.hw.shell.shells import Build, build_shells

TCLSH = shutil.which("tclsh")
pytestmark = pytest.mark.skipif(TCLSH is None, reason="tclsh is not installed")

STAND_IN = Path(__file__).parent / "stand_in.tcl"
BOARDS = ("Pynq-Z1", "Pynq-Z2", "Ultra96-V2", "ZCU104", "KV260", "AUP-ZU3")
UTILIZATION = """
+----------------------------+------+-------+------------+-----------+-------+
|          Site Type         | Used | Fixed | Prohibited | Available | Util% |
+----------------------------+------+-------+------------+-----------+-------+
| Slice LUTs                 | 1187 |     0 |          0 |     53200 |  2.23 |
|   LUT as Logic             | 1117 |     0 |          0 |     53200 |  2.10 |
| Slice Registers            |  904 |     0 |          0 |    106400 |  0.85 |
+----------------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    |  4.5 |     0 |          0 |       140 |  3.21 |
|   RAMB36/FIFO*    |    0 |     0 |          0 |       140 |  0.00 |
|   RAMB18          |    9 |     0 |          0 |       280 |  3.21 |
| DSPs           |    8 |     0 |          0 |       220 |  3.64 |
"""
POWER = """
| Total On-Chip Power (W)  | 1.402        |
| Dynamic (W)              | 1.263        |
"""


@pytest.fixture(scope="module")
def shells(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_shells(tmp_path_factory.mktemp("build"), (4, 3), lanes=1)


@pytest.fixture
def canned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of what the stand-in reports; it is on PATH as vivado."""
    folder = tmp_path / "canned"
    folder.mkdir()
    (folder / "slack.tcl").write_text("array set slack {setup 0.2 hold 0.01}")
    (folder / "utilization.rpt").write_text(UTILIZATION)
    (folder / "power.rpt").write_text(POWER)
    vivado = tmp_path / "bin" / "vivado"
    vivado.parent.mkdir()
    vivado.write_text(f'#!/bin/sh\nexec {TCLSH} {STAND_IN} {folder} "$@"\n')
    vivado.chmod(0o755)
    monkeypatch.setenv("PATH", str(vivado.parent), prepend=":")
    return folder


def run(shells: Build, canned: Path, board: str = "Pynq-Z2", clock_mhz: float | None = None) -> BitFile:
    """Return what the flow makes of an hwh that names the accelerator as Vivado does, and divides anew."""
    target = find_board(board)
    target = replace(target, clock_mhz=clock_mhz or target.clock_mhz)
    assert target.processor_pll is not None
    text = hwh(target.processor, "toy", 12, LogicClock(pll=target.processor_pll, divisors=(7, 2)))
    (canned / "system.hwh").write_text(text.replace(VLNV, f"xilinx.com:module_ref:{MODULE}:1.0"))
    folder = Path(os.path.relpath(canned / "out"))  # as it is in a build named by a relative path
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Vivado().build(replace(shells.design, board=target), folder, seeds=1)


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_gets_its_part_its_clock_and_its_processors_pins(
    name: str, shells: Build, canned: Path
) -> None:
    made = run(shells, canned, name)
    board = find_board(name)
    zynq = board.processor.value == "zynq"
    commands = (canned / "commands.log").read_text()
    mhz = board.clock_mhz if zynq else 149.9985
    assert f"-part {board.part}" in commands
    key = "PCW_FPGA0_PERIPHERAL_FREQMHZ" if zynq else "PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ"
    assert f"CONFIG.{key} {mhz}" in commands
    base = "0x40000000" if zynq else "0xA0000000"
    assert f"assign_bd_address -offset {base} -range 4096" in commands
    assert [file.name for file in made.files] == [
        *("bare.bit", "bare.hwh"),
        *("power.rpt", "timing.rpt", "utilization.rpt"),
    ]
    assert f'VLNV="{VLNV}"' in made.files[1].read_text()
    assert 'DIVISOR0" VALUE="10"' in made.files[1].read_text()


def test_the_module_that_the_block_design_takes_is_clean(shells: Build, canned: Path) -> None:
    run(shells, canned)
    sources = [shells.paths.root / source for source in shells.shell.sources]
    wrapper = shells.paths.work / "vivado" / f"{MODULE}.v"
    waived = "-Wno-SYMRSVDWORD"  # the port is called interrupt in every shell
    assert lint(MODULE, [*sources, wrapper], waived) == ""


def test_activity_is_read_where_the_gates_stage_left_it(shells: Build, canned: Path) -> None:
    run(shells, canned)
    assert "read_saif" not in (canned / "commands.log").read_text()
    shells.paths.activity.parent.mkdir()
    shells.paths.activity.write_text("(SAIFILE)")
    run(shells, canned)
    shells.paths.activity.unlink()
    commands = (canned / "commands.log").read_text()
    assert f"-strip_path system_wrapper -out_file {canned}/out/saif_unmatched.rpt" in commands


def test_reports_are_read(shells: Build, canned: Path) -> None:
    made = run(shells, canned)
    assert made.clock_mhz == 102.041
    assert made.resources == {
        **{"Slice LUTs": 1187, "Slice Registers": 904, "DSPs": 8},
        **{"RAMB36/FIFO": 0, "RAMB18": 9},
    }
    assert made.power_w == 1.402


def test_a_clock_between_two_divisors_is_the_slower_one(shells: Build, canned: Path) -> None:
    assert run(shells, canned, clock_mhz=120.0).runs_mhz == 111.111111


@pytest.mark.parametrize("missed", ["setup -0.3 hold 0.01", "setup 0.2 hold -0.02"])
def test_missed_timing_is_no_bit_file(missed: str, shells: Build, canned: Path) -> None:
    (canned / "slack.tcl").write_text(f"array set slack {{{missed}}}")
    with pytest.raises(ToolError, match=r"not met at 100.0 MHz on Pynq-Z2: .*_slack_ns = -0.*clock_mhz"):
        run(shells, canned)
    assert not list(canned.rglob("*.bit"))


def test_without_a_source_vivado_is_not_asked(shells: Build, canned: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(shells.paths.root, root)
    (root / shells.shell.sources[-1]).unlink()
    copy = replace(shells, design=replace(shells.design, root=root), paths=replace(shells.paths, root=root))
    with pytest.raises(ToolError, match=r"ganglion_shell_.*\.sv is missing"):
        run(copy, canned)


@pytest.mark.parametrize(
    ("sound", "mutated", "complaint"),
    [
        ("-to_step route_design", "-to route_design", "unknown option -to"),
        ("validate_bd_design\n", "", "before validate_bd_design"),
        (
            "get_bd_pins reset/interconnect_aresetn",
            "get_bd_pins reset/interconnect_reset",
            "no pin reset/int",
        ),
        ("connect_bd_net [get_bd_pins $instance/interrupt] [get_bd_pins ps/$interrupt]", "", "is open"),
        ("add_files -norecurse $sources", "add_files -norecurse none.sv", "no file none.sv"),
        ("open_run impl_1\n", "", "before open_run"),
        ("set_property top system_wrapper [current_fileset]", "", "sources_1,top"),
        ("smartconnect interconnect", "smart_connect interconnect", "no IP xilinx.com:ip:smart_connect"),
    ],
)
def test_the_stand_in_refuses_a_script_that_vivado_would(
    sound: str, mutated: str, complaint: str, shells: Build, canned: Path, tmp_path: Path
) -> None:
    run(shells, canned)
    script = (FLOW / "bitstream.tcl").read_text()
    assert script.count(sound) == 1
    (tmp_path / "mutated.tcl").write_text(script.replace(sound, mutated))
    work = shells.paths.work / "vivado"
    done = subprocess.run(
        ["vivado", "-mode", "batch", "-source", tmp_path / "mutated.tcl", "-tclargs", "settings.tcl"],
        cwd=work,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and complaint in done.stderr
