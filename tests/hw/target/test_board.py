"""Boards and families as data: the known ones, one of one's own, and every way to be wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ganglion.hw.target.board import (
    BOARDS,
    FAMILY_FILE,
    Processor,
    all_boards,
    find_board,
    read_board,
)
from ganglion.hw.target.resources import Resources
from ganglion.models.build.codec import decode, encode
from ganglion.models.build.errors import CompileError, ConfigError

Edit = Callable[[str, str], Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Return a writer of one's own board: Pynq-Z2 and its family with a text replaced in either file."""

    def write(old: str, new: str) -> Path:
        texts = {name: (BOARDS / "7-series" / name).read_text() for name in ("Pynq-Z2.toml", FAMILY_FILE)}
        assert any(old in text for text in texts.values())
        for name, text in texts.items():
            (tmp_path / name.replace("Pynq-Z2", "Mine")).write_text(text.replace(old, new))
        return tmp_path / "Mine.toml"

    return write


@pytest.mark.parametrize(
    ("name", "part", "family", "processor", "dsp"),
    [
        ("Pynq-Z1", "xc7z020clg400-1", "7-series", "zynq", 220),
        ("Pynq-Z2", "xc7z020clg400-1", "7-series", "zynq", 220),
        ("Arty-A7", "xc7a35ticsg324-1L", "7-series", "none", 90),
        ("Arty-A7-15T", "xc7a15tcsg324-1", "7-series", "none", 45),
        ("AUP-ZU3", "xczu3eg-sfvc784-2-e", "ultrascale-plus", "zynqmp", 360),
        ("Ultra96-V2", "xczu3eg-sbva484-1-i", "ultrascale-plus", "zynqmp", 360),
        ("ZCU104", "xczu7ev-ffvc1156-2-e", "ultrascale-plus", "zynqmp", 1728),
        ("KV260", "xck26-sfvc784-2LV-c", "ultrascale-plus", "zynqmp", 1248),
        ("ulx3s", "LFE5U-85F-6BG381C", "ecp5", "none", 156),
        ("ulx3s-25f", "LFE5U-25F-6BG381C", "ecp5", "none", 28),
        ("icebreaker", "ice40up5k-sg48", "ice40", "none", 8),
        ("tangnano9k", "GW1NR-LV9QN88PC6/I5", "gw1n", "none", 40),
        ("tangnano20k", "GW2AR-LV18QN88C8/I7", "gw2a", "none", 96),
    ],
)
def test_board_is_known(name: str, part: str, family: str, processor: str, dsp: int) -> None:
    board = find_board(name)
    assert (board.part, board.family.name, board.resources.dsp) == (part, family, dsp)
    assert board.processor is Processor(processor)
    assert board.budget.dsp <= dsp


def test_alias_names_the_same_board() -> None:
    assert find_board("KV260") == find_board("KV260_SOM")


def test_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'Z9' is unknown; known boards: .*Pynq-Z2.*KV260_SOM = KV260"):
        find_board("Z9")


def test_boards_come_smallest_first() -> None:
    sizes = [board.resources.dsp for board in all_boards()]
    assert sizes == sorted(sizes)


def test_a_board_and_a_family_of_ones_own_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for name, edit in {
        "Pynq-Z2.toml": ("lut = 53200", "lut = 1234"),
        FAMILY_FILE: ("lut_inputs = 6", "lut_inputs = 4"),
    }.items():
        (tmp_path / "mine" / name).write_text((BOARDS / "7-series" / name).read_text().replace(*edit))
    board = find_board(str(tmp_path / "mine" / "Pynq-Z2.toml"))
    assert (board.resources.lut, board.family.lut_inputs, board.family.name) == (1234, 4, "mine")


def test_every_board_is_the_same_after_a_trip_through_json() -> None:
    for board in all_boards():
        assert decode(type(board), encode(board), board.name) == board


def test_what_does_not_fit_says_what_is_short() -> None:
    board = find_board("Pynq-Z2")
    board.require(board.budget, "mine", "shrink it")
    with pytest.raises(
        CompileError, match=r"mine takes 40,000 LUT of 39,900, 199 DSP of 198 that Pynq-Z2 has .*; shrink"
    ):
        board.require(Resources(lut=40_000, ff=0, dsp=199, bram=252), "mine", "shrink it")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bram = 280\n", "", r"Mine.toml: resources: missing key bram"),
        ("bram = 280\n", "bram = 280\nbram18 = 1\n", r"Mine.toml: resources: unknown key bram18"),
        ("[resources]", "[resource]", r"Mine.toml: missing key resources"),
        ("dsp = 220", "dsp = 220.5", r"Mine.toml: resources.dsp: expected .*integer, got 220.5"),
        ("dsp = 220", "dsp = -1", r"Mine.toml: dsp = -1: allowed from 0"),
        ("dsp = 0.90", "dsp = 1.5", r"Mine.toml: share.dsp = 1.5 is outside \(0, 1\]"),
        ("clock_mhz = 100.0", "clock_mhz = 0.0", r"clock_mhz=0.0 is outside 1 to 1000"),
        ("clock_mhz = 100.0", "clock_mhz = nan", r"clock_mhz: expected a finite number"),
        ("clock_mhz = 100.0", "clock_mhz = 100.0\nlatency_us = 0.0", r"latency_us = 0.0 is outside 0 to 1e6"),
        ('part = "', "part = ", r"Mine.toml is not valid TOML"),
        (
            'processor = "zynq"',
            'processor = "arm"',
            r"processor: expected 'zynq', 'zynqmp' or 'none', got 'arm'",
        ),
        ("aliases", 'family = "x"\naliases', r"Mine.toml: family is not for the file to say"),
        ("lut_inputs = 6", "lut_inputs = 60", r"family.toml: lut_inputs = 60 is outside 3 to 8"),
        ("[yosys]", "[vivado]", r"family.toml: missing key yosys"),
    ],
)
def test_wrong_file_is_named(edited: Edit, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_board(edited(old, new))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nope.toml is missing"):
        find_board(str(tmp_path / "nope.toml"))


def test_a_board_without_its_family_is_named(edited: Edit, tmp_path: Path) -> None:
    path = edited("dsp = 220", "dsp = 220")
    shutil.move(tmp_path / FAMILY_FILE, tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=r"family.toml is missing"):
        read_board(path)


@pytest.fixture
def wired(tmp_path: Path) -> Edit:
    """Return a writer of one's own board with pins: iCEBreaker with a text replaced."""

    def write(old: str, new: str) -> Path:
        text = (BOARDS / "ice40" / "iCEBreaker.toml").read_text()
        assert old in text
        shutil.copy(BOARDS / "ice40" / FAMILY_FILE, tmp_path)
        (tmp_path / "Mine.toml").write_text(text.replace(old, new))
        return tmp_path / "Mine.toml"

    return write


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("baud = 1000000", "baud = 300", r"Mine.toml: wiring.baud = 300 is outside 1200 to 12000000"),
        ("oscillator_mhz = 12.0", "oscillator_mhz = 0.5", r"oscillator_mhz = 0.5 is outside 1 to 500"),
        ('rx = { site = "6" }', "", r"Mine.toml: wiring.pins: rx is missing"),
        ("answer =", "blink =", r"wiring.pins: blink is unknown; known: clock, rx, tx, reset, ready, answer"),
        ('site = "9"', 'site = "6"', r"wiring.pins: 6 is two pins"),
    ],
)
def test_wrong_wiring_is_named(wired: Edit, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_board(wired(old, new))
