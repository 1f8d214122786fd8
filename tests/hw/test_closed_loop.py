"""Whole episodes through the simulated RTL equal PyTorch's step by step, and a wrong neuron ends them."""

from collections.abc import Iterator
from dataclasses import replace
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
from tests.hw.toy import KEEPS_SENT, THRESHOLDS, WRONG_NEURON, write_toy_build, write_toy_policy

ENV = "GanglionToy-v0"


class ToyEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """A noisy linear system of 4 states and 3 forces whose episodes have different lengths.

    first: what every first state is instead; drifts: with noise that no seed repeats; forces: how many.
    """

    observation_space = gymnasium.spaces.Box(-10, 10, (4,))

    def __init__(self, first: float | None = None, drifts: bool = False, forces: int = 3) -> None:
        self.first, self.drifts = first, drifts
        self.action_space = gymnasium.spaces.Box(-1, 1, (forces,))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.steps_left = int(self.np_random.integers(30, 60))
        self.state = self.np_random.normal(0, 2, 4)
        return self._observation(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.steps_left -= 1
        self.state = 0.9 * self.state + np.append(action, action.sum()) + self.np_random.normal(0, 0.5, 4)
        if self.drifts:
            self.state += np.random.default_rng().normal(0, 1, 4)
        return self._observation(), float(np.abs(self.state).sum()), self.steps_left == 0, False, {}

    def _observation(self) -> np.ndarray:
        return self.state if self.first is None else np.append(self.first, self.state[1:])


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[BuildPaths]:
    paths = BuildPaths.of("toy", tmp_path)
    share_simulators(paths)
    gymnasium.register(ENV, ToyEnv)
    yield paths
    del gymnasium.registry[ENV]


def run(paths: BuildPaths, episodes: int = 4, **changes: Any) -> None:
    """Run the stage in an environment made with these changes."""
    gymnasium.registry[ENV].kwargs.update(changes)
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


def test_thresholds_are_pytorchs_too_and_every_episode_starts_from_a_reset(paths: BuildPaths) -> None:
    policy = write_toy_policy(paths.policy, ENV, thresholds=THRESHOLDS)
    write_toy_build(paths, thresholds=THRESHOLDS)
    run(paths)
    assert read_json(paths.closed_loop)["latency"] is None  # always the same
    observed = policy.golden["observation"][:30]
    means = closed_loop.pytorch_means(policy.spec, policy.network, observed)
    ordinary = replace(policy.network, spec=replace(policy.network.spec, thresholds=None))
    assert (means != closed_loop.pytorch_means(policy.spec, ordinary, observed)).any()


def test_a_state_that_outlives_its_episode_ends_in_an_error(paths: BuildPaths) -> None:
    write_toy_policy(paths.policy, ENV, thresholds=THRESHOLDS)
    write_toy_build(paths, KEEPS_SENT, THRESHOLDS)
    run(paths, episodes=1)
    paths.closed_loop.unlink()
    with pytest.raises(MismatchError, match=r"closed loop: seed 1001, .*: vector \d+, neuron \d"):
        run(paths, episodes=2)


def test_scales_other_than_one_are_pytorchs_too(paths: BuildPaths) -> None:
    write_toy_policy(paths.policy, ENV, input_exponent=-5)
    write_toy_build(paths)
    run(paths, episodes=1)
    result = read_json(paths.closed_loop)
    assert result["return_mean_rtl"] == result["return_mean_pytorch"] > 0


def test_a_wrong_neuron_ends_in_an_error(paths: BuildPaths) -> None:
    write_toy_policy(paths.policy, ENV)
    write_toy_build(paths, WRONG_NEURON)
    message = r"closed loop: seed \d+, .*: vector \d+, neuron \d: expected .* ganglion simulate toy finds"
    with pytest.raises(MismatchError, match=message):
        run(paths, first=0x55 / 32)  # what the fault waits for
    assert not paths.closed_loop.exists()


def test_an_environment_that_differs_from_run_to_run_is_said(paths: BuildPaths) -> None:
    write_toy_policy(paths.policy, ENV)
    write_toy_build(paths)
    with pytest.raises(MismatchError, match="seed 1000, step 0: .* the environment is not deterministic"):
        run(paths, episodes=1, drifts=True)


def test_an_environment_of_other_shapes_is_refused(paths: BuildPaths) -> None:
    write_toy_policy(paths.policy, ENV)
    write_toy_build(paths)
    with pytest.raises(ConfigError, match="the policy's head is tanh over 3 values"):
        run(paths, episodes=1, forces=2)


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
