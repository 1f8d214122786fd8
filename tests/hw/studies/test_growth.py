"""Growth with the nonzeros: measured on what is built, marked where it is predicted, drawn and listed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganglion.hw.mapping.compile_settings import options_for
from ganglion.hw.studies import growth
from ganglion.hw.studies.growth_plot import plot_growth
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError, ExportError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.pictures import png_and_svg
from ganglion.models.select_policy import shipped_policy
from tests.hw.toy import write_toy_policy


@pytest.fixture
def paths(tmp_path: Path) -> BuildPaths:
    paths = BuildPaths.of("tiny", tmp_path)
    write_toy_policy(paths.policy, "Nowhere-v9")  # whose shapes nobody knows
    return paths


def _row(engine: str, nnz: int, **changes: Any) -> dict[str, Any]:
    row = {"policy": f"random-{nnz}", "trained": False, "sparsity": 0.5, "nnz_live": nnz, "engine": engine}
    return row | {"latency_cycles": 7 + nnz, "lut": 1000 + nnz, "predicted": False} | changes


def test_an_unrolled_network_that_the_board_cannot_hold_is_predicted(paths: BuildPaths) -> None:
    board = replace(find_board("Pynq-Z2"), resources=Resources(lut=9, ff=9, dsp=1, bram=1))
    cost = growth.cost(paths, paths.policy, board, growth.UNROLLED)
    assert cost["predicted"] and cost["lut"] > 9 and cost["interval_cycles"] == 1
    assert not paths.root.with_name("tiny-toy-unrolled2").exists()


def test_random_policies_have_the_shape_of_the_actor_and_are_made_once(paths: BuildPaths) -> None:
    (subject,) = growth.random_subjects(paths, (0.5,))
    assert growth.read_description(subject.folder).provenance["widths"] == [4, 6, 3]
    written = (subject.folder / "policy.json").stat().st_mtime_ns
    assert [*growth.random_subjects(paths, (0.5,))] == [subject]
    assert (subject.folder / "policy.json").stat().st_mtime_ns == written


def test_what_a_policy_does_not_say_of_itself_is_named(paths: BuildPaths) -> None:
    spec = replace(growth.read_description(paths.policy), provenance={})
    with pytest.raises(ExportError, match="toy: policy.json's provenance does not say widths"):
        growth.said(spec, "widths")


def test_a_policy_that_convolves_is_refused() -> None:
    with pytest.raises(CompileError, match="conv1 is a conv2d layer, but growth is of networks of dense"):
        growth.require_dense(growth.read_description(shipped_policy("Pong")))


def test_trained_policies_are_those_with_a_policy_folder() -> None:
    names = {subject.folder.name for subject in growth.trained_subjects("Hopper")}
    assert "sac-sparse98-int8" in names and "sac-dense" not in names
    assert growth.trained_subjects("Nowhere") == []


def test_the_table_marks_predictions(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [_row("dense", 90), _row("folded 8", 90), _row("folded 8", 30, predicted=True)]
    growth.print_table(rows, "title")
    shown = capsys.readouterr().out
    assert "~37 / 1,030" in shown and " 97 / 1,090" in shown and "~97" not in shown


def test_the_picture_is_drawn_as_png_and_svg(tmp_path: Path) -> None:
    rows = [_row("dense", 90), _row("folded 8", 90), _row("folded 8", 30, trained=True, predicted=True)]
    plot_growth(rows, png_and_svg(tmp_path / "growth"), "title")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "growth.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.slow
def test_every_network_and_engine_is_measured(paths: BuildPaths) -> None:
    one, two = (options_for("folded", lanes=lanes) for lanes in (1, 2))
    board = find_board("Pynq-Z2")
    growth.write_growth(paths, board, growth.growth(paths, board, (0.5, 0.25), one, (two,)))
    points = read_json(paths.root / "growth.json")["points"]
    assert [(row["policy"], row["engine"]) for row in points] == [
        ("random-50", "folded 1"),
        ("random-50", "folded 2"),
        ("random-25", "folded 2"),
    ]
    one, two, more = points
    assert one["latency_cycles"] > two["latency_cycles"] and more["latency_cycles"] > two["latency_cycles"]
    assert all(row["lut"] > 0 and not row["predicted"] for row in points)
    assert (paths.root / "growth.png").exists() and (paths.root / "growth.svg").exists()
