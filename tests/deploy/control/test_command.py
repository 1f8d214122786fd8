"""Whole episodes by the control loop on the simulated accelerator return what PyTorch's policy returns."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.bundle.make import make_bundle
from ganglion.deploy.control import command
from ganglion.deploy.control.command import ControlSettings, run_episodes
from ganglion.deploy.control.run import RunSettings, run_loop
from ganglion.deploy.control.statistics import Cause
from ganglion.deploy.policy import Policy
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BuildPaths
from tests.deploy.builds import pytorch_returns

ROBOT = """
import numpy as np

observations = [np.zeros(3), np.ones(3), np.array([1.0, np.nan, 0.0]), np.zeros(4), np.ones(3)]


def read():
    return observations.pop(0) if observations else None


def write(action):
    print("write", *action)
"""

BOARD = [sys.executable, "-m", "ganglion.deploy.control", "--read", "robot:read", "--write", "robot:write"]
"""What is run on a board, in a bundle's folder."""


def settings(paths: BuildPaths, **more: object) -> ControlSettings:
    return ControlSettings(name=paths.root.name, build=paths.root.parent, view=False, **more)  # pyright: ignore[reportArgumentType]


def test_whole_episodes_return_what_pytorchs_policy_does(
    build: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    with Policy.load(make_bundle(settings(build)).folder) as policy:
        environment = run_episodes(policy, settings(build, episodes=2, seed=7))
    assert environment.returns == pytorch_returns(build.policy, "Pendulum-v1", range(7, 9))
    assert "2 whole episodes of Pendulum-v1, 400 steps, mean return" in capsys.readouterr().out


@pytest.mark.slow
def test_whole_hopper_episodes_return_what_pytorchs_policy_does(tmp_path: Path) -> None:
    """The shipped policy, from `ganglion hw` on."""
    ganglion = [sys.executable, "-m", "ganglion.models.command_line"]
    subprocess.run([*ganglion, "hw", "Hopper"], cwd=tmp_path, check=True, timeout=1200)
    paths = BuildPaths.of("Hopper", tmp_path / "build")
    with Policy.load(make_bundle(settings(paths, simulated=True)).folder) as policy:
        environment = run_episodes(policy, settings(paths, episodes=2))
    assert environment.returns == pytorch_returns(paths.policy, "Hopper-v4", range(1000, 1002))
    assert environment.steps == 2000


def test_the_command_runs_a_users_functions(
    build: BuildPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "users_robot.py").write_text(ROBOT)
    monkeypatch.chdir(tmp_path)
    command.run(settings(build, read="users_robot:read", write="users_robot:write"))
    assert capsys.readouterr().out.count("write ") == 6


def test_on_a_board_the_loop_runs_from_the_bundle_alone(build: BuildPaths) -> None:
    folder = make_bundle(settings(build)).folder
    (folder / "robot.py").write_text(ROBOT)
    done = subprocess.run(
        [*BOARD, "--log", "run.csv"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    written = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("write")]
    # NaN and a wrong shape bring the safe action, zero here, and so does the end.
    assert [action == ["0.0"] for action in written] == [False, False, True, True, False, True]
    assert written[1] == written[4]
    assert "failures       2 inference; the last inference: ObservationError" in done.stdout
    assert len((folder / "run.csv").read_text().splitlines()) == 6


def test_the_example_of_the_documentation_runs(build: BuildPaths, tmp_path: Path) -> None:
    folder = make_bundle(settings(build)).folder
    shutil.copy(Path(__file__).parents[3] / "docs/examples/robot.py", folder)
    done = subprocess.run([*BOARD, "--steps", "20"], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "20, 20 with the policy's action in time" in done.stdout


def test_an_observation_that_is_no_number_gets_the_safe_action(build: BuildPaths) -> None:
    observations = [np.ones(3), np.full(3, np.inf), np.ones(3), None]
    written: list[list[float]] = []
    with Policy.load(make_bundle(settings(build)).folder) as policy:
        host = policy.manifest.host
        loop = run_loop(
            policy,
            host,
            lambda: observations.pop(0),
            lambda action: written.append(action.tolist()),
            RunSettings(view=False, safe_action="-1.5"),
        )
    assert loop.statistics.causes == {Cause.INFERENCE: 1}
    assert written[0] == written[2] != [-1.5] and written[1] == written[3] == [-1.5]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"read": "robot:read"}, "read and write: give both, or none"),
        ({"episodes": 0}, "episodes=0: allowed from 1"),
        ({"rate_hz": -1.0}, "rate_hz=-1.0: allowed from 0"),
        ({"log_mib": 0.0}, "log_mib=0.0: allowed"),
    ],
)
def test_an_impossible_setting_is_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ControlSettings(name="Hopper", **wrong)  # pyright: ignore[reportArgumentType]


def test_an_environment_of_another_shape_is_refused(build: BuildPaths) -> None:
    with pytest.raises(
        ConfigError, match=r"CartPole-v1: its observations have the shape \(4,\), the policy reads"
    ):
        command.run(settings(build, environment="CartPole-v1"))
