"""Whole episodes through the simulated RTL equal PyTorch's step by step, and a wrong neuron ends them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from ganglion.hw import closed_loop
from ganglion.hw.closed_loop import ClosedLoopSettings
from ganglion.models.build.errors import ConfigError, MismatchError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from tests.hw.bare import share_simulators
from tests.hw.toy import WRONG_NEURON, write_toy_build, write_toy_policy

ENV = "GanglionToy-v0"


class ToyEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """A noisy linear system of 4 states and 3 forces whose episodes have different lengths."""

    observation_space = gymnasium.spaces.Box(-10, 10, (4,))
    action_space = gymnasium.spaces.Box(-1, 1, (3,))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.steps_left = int(self.np_random.integers(30, 60))
        self.state = self.np_random.normal(0, 2, 4)
        return self.state, {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.steps_left -= 1
        self.state = 0.9 * self.state + np.append(action, action.sum()) + self.np_random.normal(0, 0.5, 4)
        return self.state, float(np.abs(self.state).sum()), self.steps_left == 0, False, {}


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[BuildPaths]:
    paths = BuildPaths.of("toy", tmp_path)
    share_simulators(paths)
    gymnasium.register(ENV, ToyEnv)
    yield paths
    del gymnasium.registry[ENV]


def run(paths: BuildPaths, episodes: int = 4) -> None:
    closed_loop.run(ClosedLoopSettings(name="toy", build=paths.root.parent, episodes=episodes))


def test_returns_are_equal_and_episodes_may_end_apart(
    paths: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    write_toy_policy(paths.policy, ENV)
    write_toy_build(paths)
    run(paths)
    result = read_json(paths.closed_loop)
    assert result["episodes"] == 4
    assert 4 * 30 <= result["steps"] < 4 * 60
    assert result["return_mean_rtl"] == result["return_mean_pytorch"] > 0
    run(paths)
    assert capsys.readouterr().out.splitlines()[-1] == "closed_loop: up to date"


def test_a_wrong_neuron_ends_the_episodes(paths: BuildPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toy_policy(paths.policy, ENV)
    write_toy_build(paths, WRONG_NEURON)
    # The fault waits for 0x55 at the first input.
    monkeypatch.setattr(closed_loop, "quantize_observation", lambda *_: np.full((4, 4), 0x55))
    with pytest.raises(
        MismatchError, match=r"closed loop: seed 1000, step 0, action \d: PyTorch's integer mean"
    ):
        run(paths)
    assert not paths.closed_loop.exists()


def test_an_environment_nobody_knows_is_skipped_with_the_reason(paths: BuildPaths) -> None:
    write_toy_policy(paths.policy, "Nowhere-v9")
    write_toy_build(paths)
    run(paths)
    result = read_json(paths.closed_loop)
    assert result["status"] == "skipped"
    assert "Nowhere" in result["reason"]


def test_no_episodes_are_refused() -> None:
    with pytest.raises(ConfigError, match="episodes=0: allowed from 1"):
        ClosedLoopSettings(name="toy", episodes=0)
