"""The bench of frames: a policy that sees is measured on this CPU and simulated; a blind one gives way."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.studies import bench_frames
from ganglion.hw.studies.explore import StudySettings
from ganglion.hw.studies.host_speed import host_us
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import MismatchError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import Policy, read_description
from ganglion.models.random_cnn import Cnn, Conv
from tests.hw.bare import share_simulators
from tests.hw.toy import write_toy_cnn


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return write_toy_cnn(tmp_path / "policy")


def test_both_runtimes_give_the_references_values_or_are_not_timed(policy: Policy) -> None:
    integers = np.random.default_rng(0).integers(0, 256, (3, *policy.spec.network.shape(0)))
    stacks, expected = integers.astype(np.uint8), policy.network(integers)
    found = host_us(policy, stacks, expected, calls=3)
    assert list(found) == ["torch", "onnxruntime"] and min(found.values()) > 0
    with pytest.raises(MismatchError, match="torch, a frame at a time: vector 0, neuron 0"):
        host_us(policy, stacks, expected + 1, calls=3)


def test_a_policy_that_sees_is_taken_and_instead_of_a_blind_one_a_random_one(tmp_path: Path) -> None:
    write_toy_cnn(tmp_path / "policy")
    seeing = bench_frames.selected(StudySettings(policy=tmp_path / "policy", build=tmp_path))
    assert seeing.root.name.startswith("policy-") and read_description(seeing.policy).frame == (12, 12)
    small = Cnn(shape=(4, 20, 20), convs=(Conv(channels=3, kernel=8, stride=4),), widths=(6,), frame_stack=4)
    random = bench_frames.selected(StudySettings(name="Hopper", build=tmp_path), small)
    assert random.root.name == "NatureCNN" and read_description(random.policy).frame == (20, 20)


@pytest.mark.slow
def test_cycles_are_measured_and_predicted(tmp_path: Path) -> None:
    paths = BuildPaths.of("toy", tmp_path)
    paths.root.mkdir()
    share_simulators(paths)
    write_toy_cnn(paths.policy)
    compile_policy(paths, compile_settings(find_board("Pynq-Z2"), "planar", rows=5, lanes=2))
    found = bench_frames.measure(paths)
    for what in ("latency_cycles", "interval_cycles"):
        assert found[what] == pytest.approx(found[f"predicted_{what}"], rel=0.1, abs=8)
    assert found["simulated_frames_per_s"] > 0
    assert found["speedup"]["torch"] == pytest.approx(found["host_us"]["torch"] / found["fpga_us"], rel=0.1)
