"""Whole episodes through the simulated RTL equal PyTorch's step by step, and a wrong neuron ends them."""

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from ganglion.hw import closed_loop
from ganglion.models.build.errors import ConfigError, MismatchError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from tests.hw.toy import CACHE, WRONG_NEURON, write_toy_build, write_toy_policy

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


@pytest.fixture(autouse=True)
def _toy_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(closed_loop, "simulator_cache", lambda _: CACHE)
    gymnasium.register(ENV, ToyEnv)
    yield
    del gymnasium.registry[ENV]


def test_returns_are_equal_and_episodes_may_end_apart(capsys: pytest.CaptureFixture[str]) -> None:
    paths = BuildPaths.of("toy")
    write_toy_policy(paths.policy, ENV)
    write_toy_build(paths)
    closed_loop.main(["toy", "--episodes", "4"])
    result = read_json(paths.closed_loop)
    assert result["episodes"] == 4
    assert 4 * 30 <= result["steps"] < 4 * 60
    assert result["return_mean_rtl"] == result["return_mean_pytorch"] > 0
    closed_loop.main(["toy", "--episodes", "4"])
    assert capsys.readouterr().out.splitlines()[-1] == "closed_loop: up to date"


def test_a_wrong_neuron_ends_the_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = BuildPaths.of("toy")
    write_toy_policy(paths.policy, ENV)
    write_toy_build(paths, WRONG_NEURON)
    # The fault waits for 0x55 at the first input.
    monkeypatch.setattr(closed_loop, "quantize_observation", lambda *_: np.full((4, 4), 0x55))
    with pytest.raises(
        MismatchError, match=r"closed loop: seed 1000, step 0, action \d: PyTorch's integer mean"
    ):
        closed_loop.main(["toy", "--episodes", "4"])
    assert not paths.closed_loop.exists()


def test_an_environment_nobody_knows_is_skipped_with_the_reason() -> None:
    paths = BuildPaths.of("toy")
    write_toy_policy(paths.policy, "Nowhere-v9")
    write_toy_build(paths)
    closed_loop.main(["toy"])
    result = read_json(paths.closed_loop)
    assert result["status"] == "skipped"
    assert "Nowhere" in result["reason"]


def test_no_episodes_are_refused() -> None:
    with pytest.raises(ConfigError, match="--episodes 0: allowed from 1"):
        closed_loop.main(["toy", "--episodes", "0"])
