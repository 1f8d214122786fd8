"""Sweeps: the grid's runs, and on Ray: finished once, a killed one taken up, nothing run twice."""

import fcntl
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.zoo import ZOO
from ganglion.training.grid import Grid, read_grid
from ganglion.training.records import read_curve
from ganglion.training.results import read_table
from ganglion.training.run import Phase
from ganglion.training.sweep import SweepSettings, listing, sweep
from tests.training.toy import ENV_ID, toy_config


@pytest.fixture(autouse=True)
def _toy_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment Toy be known; another process finds it by the module in its name."""
    config = toy_config(env_id=f"tests.training.toy:{ENV_ID}", eval_every=40, final_episodes=6)
    monkeypatch.setattr("ganglion.training.grid.load_config", lambda *_: config)


def _grid(**changes: Any) -> Grid:
    values = {"environments": ("Toy",), "sparsities": (0.0, 0.8), "seeds": (1,), "steps": 240}
    return Grid(**{**values, **changes})


def _kill_what_runs(folder: Path, killed: list[int]) -> None:
    """Kill -9 every process that trains under `folder`, once one of them has a checkpoint to go on from."""
    curve, deadline = folder / _grid(sparsities=(0.8,)).jobs("small")[0].run.curve, time.monotonic() + 240
    while time.monotonic() < deadline and len(read_curve(curve)) < 2:
        time.sleep(0.02)
    for process in psutil.process_iter(["cmdline", "cwd"]):
        title = (process.info["cmdline"] or [""])[0]
        if title.startswith("ray::train_job") and process.info["cwd"] == str(folder):
            os.kill(process.pid, signal.SIGKILL)
            killed.append(process.pid)


def test_a_small_grid_survives_a_kill_and_nothing_runs_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="ganglion")
    jobs, killed = _grid(sparsities=(0.8,)).jobs("small"), []
    killer = threading.Thread(target=_kill_what_runs, args=(tmp_path, killed))
    killer.start()
    table = tmp_path / "small.parquet"
    rows = sweep(table, jobs, address=None, processes=2)
    killer.join()
    assert killed
    ended = [message for message in caplog.messages if message.startswith("sweep: ")]
    assert [message.split(" has ended, ")[1] for message in ended] == ["1 left", "0 left"]
    assert [(row.name, row.qat) for row in rows] == [
        ("small-sparse80-s1", False),
        ("small-sparse80-s1-int8", True),
    ]
    assert rows == read_table(table)
    for row, job in zip(rows, jobs, strict=True):
        assert not list(job.run.folder.glob(".half-written.*"))
        result, steps = (
            read_json(job.run.folder / "result.json"),
            [e["step"] for e in read_curve(job.run.curve)],
        )
        assert (row.return_mean, row.seed, row.steps) == (result["return_mean"], 1, job.last_step)
        # Rounding to int8 makes some small weights zero.
        assert job.run.sparsity - 0.01 <= row.sparsity <= job.run.sparsity + (0.1 if row.qat else 0.01)
        assert steps == sorted(set(steps)) and steps[-1] == job.last_step
        assert row.nnz and row.live is not None and row.live <= row.nnz
        assert row.seconds is not None and row.seconds > 0
    monkeypatch.setattr(
        "ganglion.training.sweep.cluster", lambda *_: pytest.fail("a finished run was started")
    )
    assert sweep(table, jobs, address=None, processes=2) == rows


def test_the_grid_is_every_cell_once_and_int8_goes_on_from_float() -> None:
    jobs = _grid(environments=("A", "B"), sparsities=(0.0, 0.5, 0.9), seeds=(1, 2), qat=(True, False)).jobs(
        "g"
    )
    assert len(jobs) == len({job.run.folder for job in jobs}) == 2 * 3 * 2 * 2
    for job in jobs:
        if job.run.name.endswith("-int8"):
            assert job.after is not None and job.run.steps == 0 and job.run.qat_steps == 64
            assert job.run.parent.parent == job.after.folder
            assert job.after in [other.run for other in jobs[: jobs.index(job)]]
        else:
            assert job.after is None and (job.run.steps, job.run.qat_steps) == (240, 0)


def test_every_algorithm_has_runs_of_its_own_in_whole_rollouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    grid = _grid(
        environments=("Pendulum", "Hopper"), algorithms=("sac", "ppo"), sparsities=(0.5,), steps=19_000
    )
    runs = [job.run for job in grid.jobs("g")]
    assert {run.name for run in runs} == {
        f"g-{a}-sparse50-s1{q}" for a in ("sac", "ppo") for q in ("", "-int8")
    }
    assert [run.steps for run in runs if run.steps] == [19_000, 20_480, 19_000, 18_944]
    assert all(run.config.algorithm in run.name for run in runs) and len(runs) == 8
    with pytest.raises(ConfigError, match=r"algorithms = \['ppo', 'ppo'\], allowed: none of them twice"):
        _grid(algorithms=("ppo", "ppo"))


def test_distilled_cells_share_the_dense_run_of_their_seed() -> None:
    jobs = _grid(sparsities=(0.5, 0.9), seeds=(1, 2), qat=(False,), distill_steps=80).jobs("g")
    dense = [job.run for job in jobs if not job.run.sparsity]
    assert [run.seed for run in dense] == [1, 2] and len(jobs) == 6
    for job in jobs:
        if job.run.sparsity:
            assert job.after in dense and job.run.distill and job.run.steps == 80
            assert job.run.parent == job.after.best(Phase.DENSE) and job.after.seed == job.run.seed


def test_shipped_teachers_are_distilled_without_being_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    values = {"environments": ("Ant", "Swimmer"), "steps": None, "distill_steps": 80, "teachers": "shipped"}
    jobs = _grid(**values, sparsities=(0.5,), seeds=(1, 2)).jobs("g")
    assert [job.run.qat_steps > 0 for job in jobs] == 4 * [False, True]
    for job in jobs[::2]:
        assert job.after is None and job.run.distill and job.run.steps == 80
        assert job.run.parent == ZOO / job.run.environment / "sac-dense" / "teacher.npz"
    with pytest.raises(ConfigError, match="no dense ppo policy is shipped for Ant; leave it out"):
        _grid(**values, sparsities=(0.5,), algorithms=("ppo",)).jobs("g")
    for wrong in ({"distill_steps": None}, {"sparsities": (0.0, 0.5)}):
        with pytest.raises(ConfigError, match="teachers=shipped wants distill_steps and sparsities above 0"):
            _grid(**{"sparsities": (0.5,)} | values | wrong)


def test_the_listing_says_how_far_each_run_is() -> None:
    jobs = _grid(qat=(False,)).jobs("g")
    jobs[0].run.folder.mkdir(parents=True)
    jobs[0].run.curve.write_text('{"step": 80, "elapsed_s": 1.0}\n')
    states = list(listing(jobs).columns[-1].cells)
    assert states == ["at step 80", "to do"]


def test_a_result_with_other_settings_is_refused() -> None:
    job, other = _grid(qat=(False,)).jobs("g")[0], _grid(qat=(False,), steps=400).jobs("g")[0]
    described = other.run.to_json()
    job.run.folder.mkdir(parents=True)
    result = read_json(ZOO / "Hopper" / "sac-dense" / "result.json")
    changes = {"config": described.pop("config"), "run": described, "steps_done": 400}
    write_json(job.run.folder / "result.json", result | changes)
    assert other.is_finished
    with pytest.raises(ConfigError, match="run with other settings; give the sweep another name"):
        _ = job.is_finished


def test_a_sweep_that_runs_is_not_started_twice(tmp_path: Path) -> None:
    with (tmp_path / ".twice.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="'twice' is running already"):
            sweep(tmp_path / "twice.parquet", [], None, None)


def test_a_cluster_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ToolError, match=f"Ray at {address} is not reachable.*this machine") as caught:
            sweep(tmp_path / "far.parquet", _grid().jobs("far"), address, None)
    assert "\n" not in str(caught.value)
    with pytest.raises(ToolError, match="Ray at nowhere is not reachable.*expected host:port"):
        sweep(tmp_path / "far.parquet", _grid().jobs("far"), "nowhere", None)


def test_the_command_line_goes_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text('environments = ["Ant"]\nsparsities = [0, 0.5]\nseeds = [1]\nqat = [true]\n')
    assert SweepSettings(grid=file, seeds=(3, 4), steps=80).plan() == Grid(
        environments=("Ant",), sparsities=(0, 0.5), seeds=(3, 4), qat=(True,), steps=80
    )
    assert SweepSettings(grid=file, qat="both").plan().qat == (False, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 3", "grid.toml: .*unknown key colour|grid.toml: missing key environments"),
        ("sparsities = [0.5]", "grid.toml: missing key environments"),
        ('environments = ["A"]\nsparsities = [1.0]\nseeds = [1]', "sparsity 1.0 is outside"),
        (
            'environments = ["A"]\nsparsities = [0.5]\nseeds = [1]\nqat_steps = 0',
            "qat_steps=0, allowed: at least 1",
        ),
        ('environments = ["A"]\nsparsities = [0.5]\nseeds = []', r"seeds = \[\], allowed: one or more"),
        (
            'environments = ["A"]\nsparsities = [0.5]\nseeds = [true]',
            r"seeds\[0\]: expected integer, got True",
        ),
        ('environments = "A"', "environments: expected tuple, got 'A'|environments: expected array"),
        ("steps = 1.5", "missing key environments|steps: expected integer, got 1.5"),
        ("steps = ", "not valid TOML"),
    ],
)
def test_a_wrong_grid_is_named(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_grid(file, {})
