"""A policy with thresholds on the Verilated shell: its state lasts an episode, and starts anew by a reset."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.bundle.golden import MAX_VECTORS
from ganglion.deploy.bundle.make import make_bundle
from ganglion.deploy.control.command import ControlSettings, run_episodes
from ganglion.deploy.policy import Policy
from ganglion.hw.engines.delta.engine import Delta
from ganglion.models.build.paths import BuildPaths
from ganglion.models.delta import DeltaNetwork
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import quantize_observation
from tests.deploy.builds import pytorch_returns, write_pendulum


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> BuildPaths:
    return write_pendulum(BuildPaths.of("pendulum", tmp_path_factory.mktemp("build")), (6, 9), Delta())


@pytest.fixture(scope="module")
def bundle(build: BuildPaths) -> Path:
    return make_bundle(settings(build)).folder


def settings(paths: BuildPaths, **more: object) -> ControlSettings:
    return ControlSettings(name=paths.root.name, build=paths.root.parent, view=False, **more)  # pyright: ignore[reportArgumentType]


def answers(build: BuildPaths, observations: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the reference's actions over episodes."""
    policy = load_policy(build.policy)
    inputs = quantize_observation(observations, policy.spec.normalizer, policy.network.spec.input_type)
    return policy.spec.action.act(DeltaNetwork.of(policy.network).run(inputs, starts)[-1])


def test_a_bundles_golden_vectors_are_steps_of_episodes(bundle: Path) -> None:
    with np.load(bundle / "golden.npz") as golden, Policy.load(bundle) as policy:
        starts = golden["episode_start"]
        assert starts.dtype == bool and starts[0] and starts.sum() == 2 and len(starts) < MAX_VECTORS
        policy(golden["observation"][0] + 1)  # an episode of its own
        assert policy.self_test() == len(starts)


def test_a_reset_starts_an_episode_anywhere(build: BuildPaths, bundle: Path) -> None:
    observations = np.random.default_rng(2).normal(0, 0.1, (60, 3)).cumsum(axis=0)
    starts = np.isin(np.arange(60), (0, 7, 8, 40))
    with Policy.load(bundle) as policy:
        got = []
        for observation, is_start in zip(observations, starts, strict=True):
            if is_start:
                policy.reset()
            got.append(policy(observation).copy())
    expected = answers(build, observations, starts)
    np.testing.assert_array_equal(got, expected)
    assert (expected != answers(build, observations, np.arange(60) == 0)).any()


def test_an_observation_that_is_sent_again_changes_nothing(build: BuildPaths, bundle: Path) -> None:
    observations = np.random.default_rng(2).normal(0, 0.1, (20, 3)).cumsum(axis=0)
    with Policy.load(bundle) as policy:
        got = [[policy(each).copy() for _ in range(3)] for each in observations]
    expected = answers(build, observations, np.arange(20) == 0)
    np.testing.assert_array_equal(got, np.repeat(expected[:, None], 3, axis=1))


def test_the_control_loop_starts_every_episode_anew(build: BuildPaths, bundle: Path) -> None:
    with Policy.load(bundle) as policy:
        environment = run_episodes(policy, settings(build, episodes=3, seed=7))
    assert environment.returns == pytorch_returns(build.policy, "Pendulum-v1", range(7, 10))
