"""Without Vivado the stage skips, or fails when required; a bit file exists only when timing is met."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw import bitstream
from ganglion.hw.bitstream import Bitstream, BitstreamSettings
from ganglion.hw.flows.registry import find_flow
from ganglion.hw.flows.vivado.flow import MODULE
from ganglion.hw.flows.zynq.clock import board_clock
from ganglion.hw.flows.zynq.hwh import VLNV, hwh
from ganglion.hw.target.board import Processor, find_board
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from tests.hw.toy import write_toy_build

# Plays Vivado: reads settings.tcl as the script does, reports, and writes the bit file when timing is met.
FAKE_VIVADO = """#!{python}
import json, re, sys
from pathlib import Path
assert sys.argv[1:4] == ["-mode", "batch", "-source"] and Path(sys.argv[4]).is_file(), sys.argv
settings = dict(re.findall(r"^set (\\w+) \\{{(.*)\\}}$", Path(sys.argv[6]).read_text(), re.M))
if {crashes}:
    sys.exit("ERROR: [Common 17-345] no valid license")
out = Path(settings["out_dir"])
timing = {{"clock_mhz": 100.0, "setup_slack_ns": {slack}, "hold_slack_ns": 0.01}}
(out / "timing.json").write_text(json.dumps(timing))
(out / "settings.json").write_text(json.dumps(settings))
(out / "utilization.rpt").write_text("| DSPs | 8 |")
(out / "power.rpt").write_text("| Total On-Chip Power (W) | 1.4 |")
if {slack} >= 0:
    (out / (settings["stem"] + ".bit")).write_text("bits")
    (out / (settings["stem"] + ".hwh")).write_text({hwh!r})
"""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildPaths:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return write_toy_build(BuildPaths.of("toy", tmp_path))


def run(paths: BuildPaths, *, require: bool = False) -> None:
    bitstream.run(BitstreamSettings(name="toy", build=paths.root.parent, require=require))


def install_vivado(folder: Path, *, slack: float, crashes: bool = False) -> None:
    (folder / "bin").mkdir(exist_ok=True)
    vivado = folder / "bin" / "vivado"
    text = hwh(Processor.ZYNQ, "toy", 12, board_clock(find_board("Pynq-Z2"), 100.0))
    text = text.replace(VLNV, f"xilinx.com:module_ref:{MODULE}:1.0")
    vivado.write_text(FAKE_VIVADO.format(python=sys.executable, slack=slack, crashes=crashes, hwh=text))
    vivado.chmod(0o755)


def test_without_vivado_the_stage_is_skipped_and_says_why(
    paths: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    run(paths)
    result = decode_json(Bitstream, paths.bitstream)
    assert result.status == "skipped" and "Vivado is not on PATH" in (result.reason or "")
    run(paths)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("bitstream: skipped: Vivado is not on PATH")
    assert second == "bitstream: up to date"


def test_required_without_vivado_fails_with_the_reason(paths: BuildPaths) -> None:
    with pytest.raises(ToolError, match="Vivado is not on PATH"):
        run(paths, require=True)
    assert not paths.bitstream.exists()


def test_vivado_that_meets_timing_leaves_bit_and_hwh_of_one_stem(paths: BuildPaths, tmp_path: Path) -> None:
    install_vivado(tmp_path, slack=0.2)
    run(paths, require=True)
    result = read_json(paths.bitstream)
    assert result["status"] == "done"
    assert result["flow"] == "vivado" and result["tools"]["vivado"].endswith("bin/vivado")
    assert list(result["files"])[:2] == ["bitstream/toy.bit", "bitstream/toy.hwh"]
    assert result["files"]["bitstream/toy.bit"] == 4
    assert (result["asked_mhz"], result["met_mhz"]) == (100.0, 102.041)
    assert (result["resources"], result["power_w"]) == ({"DSPs": 8}, 1.4)
    settings = json.loads((paths.root / "bitstream" / "settings.json").read_text())
    assert (settings["part"], settings["processor"]) == ("xc7z020clg400-1", "zynq")
    assert (settings["clock_mhz"], settings["crystal_mhz"]) == ("100.0", "50.0")
    assert all(Path(source.strip("{}")).is_file() for source in settings["sources"].split())


def test_missed_timing_leaves_no_bit_file_and_fails(paths: BuildPaths, tmp_path: Path) -> None:
    install_vivado(tmp_path, slack=0.2)
    run(paths)
    install_vivado(tmp_path, slack=-0.3)
    paths.bitstream.unlink()  # as a changed design would make the stage run again
    with pytest.raises(ToolError, match=r"timing is not met at 100.0 MHz on Pynq-Z2: setup_slack_ns = -0.3"):
        run(paths)
    assert not paths.bitstream.exists()
    assert not list(paths.root.rglob("*.bit"))


def test_failing_vivado_is_reported_with_its_first_error(paths: BuildPaths, tmp_path: Path) -> None:
    install_vivado(tmp_path, slack=0, crashes=True)
    with pytest.raises(ToolError, match=r"vivado: ERROR: \[Common 17-345\] no valid license"):
        run(paths)


def test_a_board_without_a_processor_has_no_bit_file_by_vivado(tmp_path: Path) -> None:
    install_vivado(tmp_path, slack=0.2)
    assert "Arty-A7-35T has no processor" in str(find_flow(find_board("Arty-A7-35T")))


def test_a_family_with_an_unknown_flow_is_named() -> None:
    board = find_board("Pynq-Z2")
    with pytest.raises(ConfigError, match=r"7-series: flow 'quartus' is unknown; known: vivado, openxc7"):
        find_flow(replace(board, family=replace(board.family, flows=("quartus",))))


def test_seeds_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"seeds=0 is outside 1 to 100"):
        BitstreamSettings(name="toy", seeds=0)
