"""Pictures and the table behind them, from results of every kind; no results are one line."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.pictures import figure
from ganglion.training.figures import _grouped, _ticks, draw_sparsity, figures, gather
from ganglion.training.results import ResultRow, read_row, read_table, seconds_of, write_table

ZOO = Path(__file__).parents[2] / "models" / "zoo"


def _row(**changes: Any) -> ResultRow:
    row = ResultRow(
        environment="Hopper",
        env_id="Hopper-v4",
        name="run",
        algorithm="SAC",
        sparsity=0.0,
        seed=1,
        qat=False,
        steps=1_000,
        return_mean=3_000.0,
        return_std=50.0,
        return_iqm=3_010.0,
        episodes=20,
        nnz=None,
        live=None,
        seconds=None,
        commit="abc",
    )
    return replace(row, **changes)


def test_a_table_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    rows = [_row(), _row(qat=True, nnz=1_378, live=1_078, seconds=60.5, sparsity=0.98)]
    write_table(tmp_path / "t.parquet", rows)
    assert read_table(tmp_path / "t.parquet") == rows
    write_table(tmp_path / "t.parquet", [])
    assert read_table(tmp_path / "t.parquet") == []


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"no parquet")
    with pytest.raises(ExportError, match=r"t.parquet is no table of ours"):
        read_table(tmp_path / "t.parquet")


def test_a_result_that_lacks_something_is_named(tmp_path: Path) -> None:
    result = read_json(ZOO / "Hopper" / "sac-dense" / "result.json")
    del result["returns"]
    write_json(tmp_path / "result.json", result)
    with pytest.raises(ExportError, match="result.json: missing key returns"):
        read_row(tmp_path)


def test_the_clock_counts_every_part_of_a_run() -> None:
    assert seconds_of([{"elapsed_s": s} for s in (1.0, 5.0, 0.5, 7.0, 2.0)]) == 5.0 + 7.0 + 2.0
    assert seconds_of([]) == 0


def test_every_shipped_policy_without_thresholds_is_a_row() -> None:
    rows = gather(Path("build"), ZOO)
    names = {f"{row.environment}/{row.name}" for row in rows}
    shipped = [p.parent for p in ZOO.glob("*/*/result.json") if not p.parent.name.endswith("-delta")]
    assert names == {f"{folder.parent.name}/{folder.name}" for folder in shipped}
    assert all(row.qat == row.name.endswith("int8") for row in rows)


def test_a_game_has_a_panel_for_each_network_and_losses_stay_in_sight() -> None:
    games = {"env_id": "PongNoFrameskip-v4", "algorithm": "DQN", "return_std": 0.5}
    rows = [
        _row(**games, network=network, sparsity=sparsity, return_mean=mean)
        for network, mean in (("nature_cnn", -18.0), ("resnet", 18.0))
        for sparsity in (0.0, 0.95)
    ]
    assert list(_grouped(rows)) == ["PongNoFrameskip-v4, DQN, nature_cnn", "PongNoFrameskip-v4, DQN, resnet"]
    assert list(_grouped(rows[:2])) == ["PongNoFrameskip-v4"]
    with figure(1) as (axes,):
        draw_sparsity(axes, rows[:2])
        low, high = axes.get_ylim()
    assert low < -18.5 and high > -17.5


def test_int8_is_drawn_above_the_float_policy_it_came_from() -> None:
    """Rounding makes a few weights more zero, of a denser policy more of them."""
    ticks = _ticks({0.0, 0.5, 0.51, 0.8, 0.805, 0.95, 0.955, 0.97, 0.98, 0.99})
    assert ticks == {0.0: 0.0, 0.5: 0.5, 0.51: 0.5, 0.8: 0.8, 0.805: 0.8} | {
        each: each for each in (0.95, 0.955, 0.97, 0.98, 0.99)
    }


def test_a_run_in_a_sweeps_table_counts_once(tmp_path: Path) -> None:
    row = read_row(ZOO / "Hopper" / "sac-dense")
    write_table(tmp_path / "sweep" / "one.parquet", [row, _row(seed=7)])
    assert gather(tmp_path, ZOO).count(row) == 1
    assert _row(seed=7) in gather(tmp_path, ZOO)


def test_the_pictures_are_png_and_svg_with_text_that_stays_text(tmp_path: Path) -> None:
    sweep = [
        _row(env_id="Ant-v4", algorithm=a, seed=s, sparsity=z, return_mean=5e3 - s)
        for a in ("SAC", "PPO")
        for s in (1, 2)
        for z in (0.0, 0.9)
    ]
    write_table(tmp_path / "sweep" / "ant.parquet", sweep)
    pictures = figures(tmp_path, ZOO, tmp_path / "figures")
    assert {"return-against-sparsity.png", "return-against-sparsity.svg", "curves-Hopper.svg"} <= {
        picture.name for picture in pictures
    }
    for picture in pictures:
        start = b"\x89PNG" if picture.suffix == ".png" else b"<?xml"
        assert picture.read_bytes().startswith(start)
    text = (tmp_path / "figures" / "return-against-sparsity.svg").read_text()
    rows = gather(tmp_path, ZOO)
    environments, algorithms = {row.env_id for row in rows}, {row.algorithm for row in rows}
    summed = f"{len(environments)} environments, {len(algorithms)} algorithms"
    for words in (
        *environments,
        "Ant-v4, PPO",
        "Ant-v4, SAC",
        summed,
        "sparsity in % of the weights",
        ">98<",
    ):
        assert words in text


def test_the_dense_band_and_the_points_are_the_means_over_seeds() -> None:
    rows = [_row(seed=s, return_mean=3_000.0 + 100 * s) for s in (1, 2, 3)]
    rows += [_row(seed=s, sparsity=0.9503, qat=True, return_mean=2_000.0 + s) for s in (1, 2, 3)]
    with figure(1) as (axes,):
        draw_sparsity(axes, rows)
        lines = {line.get_label(): line for line in axes.get_lines()}
        assert lines["dense, float"].get_ydata()[0] == 3_200
        (points,) = [container for container in axes.containers if container.get_label() == "int8"]
        assert list(points[0].get_ydata()) == [2_002]
        assert [label.get_text() for label in axes.get_xticklabels()] == ["95"]
        (band,) = axes.patches
        assert 3_100 <= band.get_y() < 3_200 < band.get_y() + band.get_height() <= 3_300


def test_an_empty_set_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no result.json under .* ganglion train Hopper"):
        figures(tmp_path, tmp_path / "zoo", tmp_path)
