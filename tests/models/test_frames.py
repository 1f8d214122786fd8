"""Stacked frames: what VecFrameStack shows, kept in golden data as frames, and what may not be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium.spaces import Box
from stable_baselines3.common.vec_env.stacked_observations import StackedObservations

from ganglion.models.build.errors import ConfigError, ExportError, MismatchError
from ganglion.models.build.files import read_arrays, read_json, write_arrays
from ganglion.models.episodes import forward
from ganglion.models.formats.policy_folder import Policy, load_policy, without_maps, write_description
from ganglion.models.frames import stacked, unstacked
from ganglion.models.random_cnn import nature_cnn, random_cnn, random_frames
from tests.hw.toy import TOY_RESNET, toy_cnn, write_toy_cnn


@pytest.mark.parametrize("channels", [1, 3])
def test_stacks_are_those_of_stable_baselines3(channels: int) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (40, channels, 5, 6), dtype=np.uint8)
    starts = np.isin(np.arange(40), [0, 1, 3, 20])
    theirs = StackedObservations(1, 4, Box(0, 255, (channels, 5, 6), np.uint8), "first")
    for frame, start, stack in zip(frames, starts, stacked(frames, starts, 4), strict=True):
        shown = theirs.reset(frame[None]) if start else theirs.update(frame[None], np.zeros(1, bool), [{}])[0]
        np.testing.assert_array_equal(stack, shown[0])


def test_stacks_come_apart_into_episodes_that_end_with_them() -> None:
    stacks = np.random.default_rng(0).integers(0, 256, (7, 6, 4, 5), dtype=np.uint8)
    np.testing.assert_array_equal(stacked(*unstacked(stacks, 3), 3)[2::3], stacks)


def test_a_policy_folder_keeps_frames_and_answers_for_stacks(tmp_path: Path) -> None:
    policy = write_toy_cnn(tmp_path)
    golden, starts = policy.golden, policy.golden["episode_start"]
    assert policy.network.spec.frame_stack == 2 and policy.network.spec.step_shape == (1, 12, 12)
    assert golden["observation"].shape == golden["input"].shape == (105, 144)
    assert golden["observation"].dtype == np.uint8 and starts.sum() == 3
    stacks = stacked(golden["input"].reshape(-1, 1, 12, 12), starts, 2)
    for layer, values in zip(policy.spec.network.layers, policy.network.forward(stacks), strict=True):
        np.testing.assert_array_equal(golden[layer.name], values)
    kept = {"observation", "input", "episode_start", "fc1", "fc2"}  # maps follow from the frames
    assert set(read_arrays(tmp_path / "golden.npz")) == kept
    assert read_json(tmp_path / "policy.json")["network"]["frame_stack"] == 2


def test_nature_cnn_is_as_sparse_as_asked_and_every_layer_varies() -> None:
    rng, cnn = np.random.default_rng(1), nature_cnn(6)
    network = random_cnn(rng, cnn, 0.98)
    assert network.spec.widths == (28224, 12800, 5184, 3136, 512, 6)
    assert network.nnz == pytest.approx(0.02 * sum(weight.size for weight in network.weights), abs=5)
    for values in forward(network, *random_frames(rng, cnn, 10)):
        assert values.std() > 8  # of 256 steps


def test_golden_maps_may_be_kept_and_are_then_checked(tmp_path: Path) -> None:
    policy = write_toy_cnn(tmp_path)
    changed = policy.golden["conv2"].copy()
    write_golden(tmp_path, policy, {"conv2": changed})
    assert load_policy(tmp_path).network.nnz == policy.network.nnz
    changed[7, 2, 1, 0] ^= 1
    write_golden(tmp_path, policy, {"conv2": changed})
    with pytest.raises(MismatchError, match=r"golden.npz: conv2: vector 7, neuron 2, 1, 0: expected"):
        load_policy(tmp_path)


def write_golden(folder: Path, policy: Policy, more: dict[str, np.ndarray]) -> None:
    write_arrays(folder / "golden.npz", without_maps(policy.spec.network, policy.golden) | more)
    write_description(folder, policy.spec)


def test_a_random_resnet_is_as_sparse_as_asked_and_every_layer_varies() -> None:
    rng, resnet = np.random.default_rng(1), replace(TOY_RESNET, channels=(4, 8))
    network = random_cnn(rng, resnet, 0.5)
    assert network.nnz == pytest.approx(0.5 * sum(weight.size for weight in network.weights), abs=5)
    for values in forward(network, *random_frames(rng, resnet, 20)):
        assert values.std() > 8  # of 256 steps
    shifts = [index for index in range(len(network.spec.layers)) if network.spec.residual(index) is not None]
    assert len(shifts) == 4 and all(0 <= network.spec.residual_shift(index) <= 6 for index in shifts)


def test_steps_of_a_stack_need_to_know_where_episodes_start() -> None:
    with pytest.raises(ConfigError, match="needs to know where episodes start"):
        forward(toy_cnn(), np.zeros((3, 144), np.int64))


def test_a_stack_divides_the_channels() -> None:
    with pytest.raises(ExportError, match="frame_stack = 3 for an input of 2 x 12 x 12; allowed: 1, or a"):
        replace(toy_cnn().spec, frame_stack=3)
