"""The log keeps every tick while the disk takes them, is bounded, and never stops the loop."""

import csv
import resource
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.control.run_log import RunLog
from ganglion.deploy.control.statistics import Cause, Tick
from ganglion.models.build.errors import ConfigError
from tests.deploy.control.fakes import Robot, failing, loop_of, raising


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_says_what_the_tick_did(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "logs/run.csv", 1 << 20, 2, 2)
    robot = Robot(3)
    loop_of(robot, failing(2, raising(OSError('no, "board"\nhere')))).run(log.add)
    log.close()
    first, second, third = rows_of(tmp_path / "logs/run.csv")
    assert [float(first[f"observation_{index}"]) for index in (0, 1)] == [1.0, 1.0]
    assert np.float32(first["action_1"]) == np.float32(1) / np.float32(10)
    assert float(first["latency_us"]) > 0 and float(third["time_s"]) > float(second["time_s"])
    assert (second["cause"], second["action_0"]) == ("inference", "")
    assert second["error"] == 'OSError: no, "board"\nhere'
    assert log.lost == 0


def test_an_observation_of_another_shape_leaves_blanks(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.csv", 1 << 20, 2, 1)
    log.add(Tick(0, 5, np.zeros(3), None, None, Cause.INFERENCE, "shape"))
    log.add(Tick(1, 6, ["a", "b"], 4, 1000))
    log.close()
    first, second = rows_of(tmp_path / "run.csv")
    assert (first["observation_0"], first["action_0"]) == ("", "")
    assert (second["observation_0"], second["action_0"]) == ("", "4")


def test_the_log_and_its_predecessor_stay_within_their_size(tmp_path: Path) -> None:
    limit = 20_000
    log = RunLog(tmp_path / "run.csv", limit, 2, 2)
    for number in range(3000):
        log.add(Tick(number, number, np.ones(2), np.ones(2), 1000))
    log.close()
    sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    assert len(sizes) == 2 and sum(sizes) <= limit and log.lost == 0
    before, after = (rows_of(tmp_path / name) for name in ("run.csv.1", "run.csv"))
    assert int(after[0]["tick"]) == int(before[-1]["tick"]) + 1 and after[-1]["tick"] == "2999"


def test_a_disk_that_is_full_costs_rows_and_nothing_else(tmp_path: Path) -> None:
    robot, log = Robot(500), RunLog(tmp_path / "run.csv", 1 << 20, 2, 2)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        seen = loop_of(robot).run(log.add)
        log.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert seen.actions == 500
    assert log.lost > 0 and log.error in ("File too large", "No space left on device")
    kept = rows_of(tmp_path / "run.csv")
    assert len(kept) == 500 - log.lost and all(row["action_1"] for row in kept)


def test_rows_that_nobody_takes_do_not_pile_up(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.csv", 1 << 24, 1, 1, queue=50)
    for number in range(1000):
        log.add(Tick(number, number))
    log.close()
    assert log.lost + len(rows_of(tmp_path / "run.csv")) == 1000 and log.lost > 0


def test_a_place_where_no_log_can_be_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"log .*file/run.csv: "):
        RunLog(tmp_path / "file/run.csv", 1 << 20, 1, 1)
