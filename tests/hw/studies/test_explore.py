"""Exploring engines: what was measured, and what does not work is left out with its reason."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.mapping.compile_settings import options_for
from ganglion.hw.studies.explore import ENGINES, ExploreSettings, able, explore, print_table
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.select_policy import shipped_policy
from tests.hw.toy import write_toy_cnn
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
