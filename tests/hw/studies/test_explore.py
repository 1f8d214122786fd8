"""Exploring engines: what was measured, and what does not work is left out with its reason."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.mapping.choose import choose
from ganglion.hw.mapping.compile_settings import options_for
from ganglion.hw.studies.explore import ENGINES, ExploreSettings, able, explore, planned, print_table, run
from ganglion.hw.studies.explore_plot import plot_explore
from ganglion.hw.target.board import find_board
from ganglion.hw.target.boards import BOARDS
from ganglion.models.build.errors import CompileError, ConfigError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.pictures import png_and_svg
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.select_policy import shipped_policy
from tests.hw.toy import toy_cnn, toy_network, write_toy_cnn
from tests.networks import write_random_policy


@pytest.mark.slow
def test_engines_are_measured_and_impossible_ones_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = BuildPaths.of("tiny", tmp_path)
    write_random_policy(paths.policy, np.random.default_rng(0), (4, 6, 2), n_vectors=20)
    engines = [options_for("folded", lanes=2), options_for("folded", lanes=64), options_for("delta", lanes=2)]
    row, delta = explore(paths, "Pynq-Z2", engines, with_gates=True)
    assert row["engine"] == "folded 2" and row["mismatches"] == 0
    assert row["dsp"] == 2 and row["lut"] > 0 and row["latency_cycles"] > 0
    assert row["toggles_per_action"] > 0 and row["energy_nj"] is None
    print_table([row], "tiny")
    shown = capsys.readouterr().out
    assert "folded 64 left out" in shown and "folded 2" in shown
    assert "toggles" in shown and "nJ" not in shown and "worst" not in shown
    assert row["worst_case_cycles"] is None and delta["worst_case_cycles"] >= delta["latency_cycles"] > 0
    print_table([row, delta], "tiny")
    assert f" {delta['worst_case_cycles']} " in capsys.readouterr().out


def test_engines_that_do_not_convolve_are_left_out_of_a_game_in_a_line_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    choices = able(load_policy(shipped_policy("Pong")).network, ENGINES)
    assert [each.engine for each in choices] == ["planar"]
    left_out = [record.getMessage().split(" left out: ")[0] for record in caplog.records]
    assert left_out == ["explore: dense", "explore: folded", "explore: unrolled", "explore: delta"]


def test_grids_are_planned_side_by_side_each_with_its_fastest_tail() -> None:
    board = find_board("Pynq-Z2")
    choice, whole = planned(toy_cnn(), board), choose(toy_cnn(), board)
    assert choice is not None and choice.taken.name == whole.taken.name
    shapes = [(each.settings.streams, each.settings.packing) for each in choice.candidates]  # pyright: ignore
    assert {(1, 1), (1, 2), (2, 1), (2, 2)} == set(shapes)
    assert len({each.settings for each in choice.candidates}) == len(choice.candidates)
    for each in choice.candidates:
        alike = [other for other in whole.candidates if other.settings == each.settings]
        assert each.latency_cycles == min(other.latency_cycles for other in alike)
    assert planned(toy_network(), board) is None


def test_the_picture_shows_what_was_measured_and_what_was_planned(tmp_path: Path) -> None:
    board = find_board("Pynq-Z2")
    choice = planned(toy_cnn(), board)
    assert choice is not None
    used = {"lut": 900, "ff": 500, "dsp": 8, "bram": 9}
    rows = [
        {"engine": f"{name} 8", "latency_us": us, **used} for name, us in (("folded", 1.4), ("delta", 0.7))
    ]
    for drawn, candidates in (("engines", ()), ("game", choice.candidates)):
        plot_explore(rows, candidates, board, png_and_svg(tmp_path / drawn), "title")
        assert (tmp_path / f"{drawn}.png").read_bytes().startswith(b"\x89PNG")
    engines, game = ((tmp_path / f"{drawn}.svg").read_text() for drawn in ("engines", "game"))
    assert ">folded 8<" in engines and "planned" not in engines
    settings = choice.taken.settings
    fastest = " ".join(str(getattr(settings, name)) for name in ("rows", "streams", "packing"))
    assert ">planned: rows, streams, packing<" in game and f">{fastest}<" in game and ">folded 8<" not in game


def test_a_part_too_small_for_every_engine_is_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_random_policy(tmp_path / "small", np.random.default_rng(0), (4, 6, 2), n_vectors=4)
    tiny = (BOARDS / "ice40/iCEBreaker.toml").read_text()
    (tmp_path / "tiny.toml").write_text(re.sub(r"(?m)^(lut|ff|dsp|bram) = \d+$", r"\1 = 1", tiny))
    shutil.copy(BOARDS / "ice40/family.toml", tmp_path)
    asked = ExploreSettings(policy=tmp_path / "small", build=tmp_path, board=str(tmp_path / "tiny.toml"))
    with pytest.raises(CompileError, match=r"explore: no engine could be built for .*tiny.toml"):
        run(asked)
    assert "explore: dense left out: " in caplog.text and "explore: delta 16 left out: " in caplog.text


def test_an_unknown_board_is_refused_before_anything_is_built() -> None:
    with pytest.raises(ConfigError, match="board 'nope' is unknown"):
        ExploreSettings(name="Swimmer", board="nope")


@pytest.mark.slow
def test_a_games_policy_is_measured_on_the_engine_that_convolves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = BuildPaths.of("frames", tmp_path)
    write_toy_cnn(paths.policy)
    (row,) = explore(paths, "Pynq-Z2", [options_for("folded", lanes=2), options_for("planar")])
    assert row["engine"] == "planar" and row["mismatches"] == 0
    assert row["dsp"] > 0 and row["latency_cycles"] > 0 and row["simulated_inferences_per_s"] > 0
    assert "folded left out: conv1 is a conv2d layer" in caplog.text
