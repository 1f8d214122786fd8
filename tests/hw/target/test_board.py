"""Boards as data: the known ones, and every way in which a file or a name may be wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ganglion.hw.target.board import BOARDS, Engine, all_boards, find_board, read_board
from ganglion.models.build.errors import ConfigError


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a writer of Pynq-Z2.toml with one text replaced."""

    def write(old: str, new: str) -> Path:
        text = (BOARDS / "Pynq-Z2.toml").read_text()
        assert old in text
        path = tmp_path / "Mine.toml"
        path.write_text(text.replace(old, new))
        return path

    return write


@pytest.mark.parametrize(
    ("name", "part", "dsp"),
    [
        ("Pynq-Z1", "xc7z020clg400-1", 220),
        ("Pynq-Z2", "xc7z020clg400-1", 220),
        ("Ultra96-V2", "xczu3eg-sbva484-1-i", 360),
        ("ZCU104", "xczu7ev-ffvc1156-2-e", 1728),
        ("KV260", "xck26-sfvc784-2LV-c", 1248),
    ],
)
def test_board_is_known(name: str, part: str, dsp: int) -> None:
    board = find_board(name)
    assert (board.part, board.resources.dsp) == (part, dsp)
    assert board.budget.dsp < dsp


def test_alias_names_the_same_board() -> None:
    assert find_board("KV260") == find_board("KV260_SOM")


def test_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'Z9' is unknown; known boards: .*Pynq-Z2.*KV260_SOM = KV260"):
        find_board("Z9")


def test_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match="engine 'quantum' is unknown; known engines: auto, dense, folded, unrolled"
    ):
        Engine.parse("quantum")


def test_boards_come_smallest_first() -> None:
    sizes = [board.resources.dsp for board in all_boards()]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pad_to = 8\n", "", r"Mine.toml: folding: missing key pad_to"),
        ("pad_to = 8\n", "pad_to = 8\npad = 1\n", r"Mine.toml: folding: unknown key pad; known: .*pad_to"),
        ("[resources]", "[resource]", r"Mine.toml: resources: missing table"),
        ("dsp = 220", "dsp = 220.5", r"Mine.toml: resources: dsp must be int, got 220.5"),
        ("dsp_share = 0.90", "dsp_share = 1.5", r"folding.dsp_share = 1.5 is outside \(0, 1\]"),
        ("max_pe = 64", "max_pe = 0", r"folding.max_pe = 0 must be at least 1"),
        ("clock_mhz = 100.0", "clock_mhz = 0.0", r"clock_mhz = 0.0 is outside 1 to 1000"),
        ('part = "', "part = ", r"Mine.toml: not valid TOML"),
    ],
)
def test_wrong_board_file_is_named(
    edited: Callable[[str, str], Path], old: str, new: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_board(edited(old, new))
