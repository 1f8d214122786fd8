"""Exploring engines: what was measured, and what does not work is left out with its reason."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.studies import explore
from ganglion.models.build.errors import ToolError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from tests.networks import write_random_policy

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildPaths:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    paths = BuildPaths.of("tiny")
    write_random_policy(paths.policy, np.random.default_rng(0), (4, 6, 2), n_vectors=20)
    return paths


def test_a_failing_stage_is_one_line(paths: BuildPaths) -> None:
    with pytest.raises(
        ToolError,
        match=r"ganglion.hw.simulate tiny: .*hw.json is missing; run python -m ganglion.hw.compile tiny",
    ):
        explore.stage("hw.simulate", "tiny")


@pytest.mark.slow
def test_engines_are_measured_and_impossible_ones_left_out(
    paths: BuildPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(explore, "ENGINES", (("folded", "--lanes", "2"), ("folded", "--lanes", "65")))
    monkeypatch.setattr(sys, "argv", ["hw.studies.explore", "tiny"])
    explore.main()
    (row,) = read_json(paths.root / "explore.json")["engines"]
    assert row["engine"] == "folded 2" and row["mismatches"] == 0
    assert row["dsp"] == 2 and row["lut"] > 0 and row["latency_cycles"] > 0
    shown = capsys.readouterr().out
    assert "folded 65 left out" in shown and "folded 2" in shown
