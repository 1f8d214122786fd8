"""From a policy of pixels to verified hardware: frames in episodes, every layer, closed loop, resources."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from matplotlib import image

from ganglion.hw import build, closed_loop, simulate
from ganglion.hw.build import HwSettings
from ganglion.hw.closed_loop import ClosedLoopSettings
from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import Design, load_design
from ganglion.hw.mapping.compile_settings import compile_settings
from ganglion.hw.shell.generate import write_shell
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.sim.vectors import proof_vectors
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import MismatchError
from ganglion.models.build.files import read_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.random_cnn import Cnn, ResNet, impala, nature_cnn, random_frames, write_random_cnn
from tests.hw.bare import bench_of, share_simulators
from tests.hw.toy import TOY_RESNET, write_toy_cnn
from tests.hw.traffic import run_and_check

ENV = "GanglionToyFrames-v0"
BOARD = find_board("Pynq-Z2")


class ToyGame(gymnasium.Env[np.ndarray, int]):
    """Two frames of 12 x 12: a block that noise and the actions move."""

    observation_space = gymnasium.spaces.Box(0, 255, (2, 12, 12), np.uint8)
    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict]:
        super().reset(seed=seed)
        self.left, self.at = int(self.np_random.integers(20, 40)), 5
        self.stack = np.zeros((2, 12, 12), np.uint8)
        return self._shown(), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict]:
        self.left -= 1
        self.at = int(np.clip(self.at + action - 1 + self.np_random.integers(-2, 3), 0, 9))
        return self._shown(), float(self.at == 5), self.left == 0, False, {}

    def _shown(self) -> np.ndarray:
        frame = self.np_random.integers(0, 120, (12, 12), np.uint8)
        frame[4:8, self.at : self.at + 3] = 250
        self.stack = np.stack([self.stack[1], frame])
        return self.stack


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuildPaths:
    """Return a build of the residual toy, compiled."""
    paths = BuildPaths.of("toy", tmp_path_factory.mktemp("build"))
    paths.root.mkdir()
    share_simulators(paths)
    write_toy_cnn(paths.policy, env=ENV, cnn=TOY_RESNET)
    compile_policy(paths, compile_settings(BOARD, "planar", rows=6, lanes=2))
    return paths


@pytest.fixture
def design(built: BuildPaths) -> Design:
    return load_design(built)


@pytest.fixture
def _known() -> Iterator[None]:
    gymnasium.register(ENV, ToyGame)
    yield
    del gymnasium.registry[ENV]


def settings(paths: BuildPaths) -> BuildSettings:
    return BuildSettings(name=paths.root.name, build=paths.root.parent)


def test_planar_in_front_and_folded_behind_take_frames(design: Design) -> None:
    assert [layer.engine for layer in design.layers] == ["planar"] * 6 + ["folded"] * 2
    assert design.input.format.features == 144 and design.output.format.features == 3
    convs = [f"conv{number}" for number in range(1, 6)]
    assert [tap.layer for tap in design.taps] == [convs[0], "pool1", *convs[1:], "fc1", "fc2"]


def test_every_layer_of_every_frame_is_proven(built: BuildPaths) -> None:
    simulate.run(settings(built))
    proven, promised = read_json(built.sim), load_design(built).estimate
    assert proven["mismatches"] == 0 and proven["vectors"] >= 2000 and proven["resets"] > 0
    assert promised is not None
    assert proven["latency_cycles"] == pytest.approx(promised.latency_cycles, rel=0.1, abs=8)


def test_a_frame_that_outlives_its_episode_is_seen(built: BuildPaths, design: Design, tmp_path: Path) -> None:
    vectors = proof_vectors(load_policy(built.policy))
    assert vectors.starts is not None
    second = int(np.flatnonzero(vectors.starts)[1])
    part = vectors.part(0, second + 1)
    bench = bench_of(design)
    run_and_check(bench, part, Traffic(), tmp_path)
    unsaid = replace(part, starts=np.arange(second + 1) == 0)
    with pytest.raises(MismatchError, match=f"layer conv1: vector {second}, "):
        run_and_check(bench, unsaid, Traffic(), tmp_path)


@pytest.mark.usefixtures("_known")
def test_games_are_played_through_the_rtl(built: BuildPaths) -> None:
    closed_loop.run(ClosedLoopSettings(name="toy", build=built.root.parent, episodes=3))
    played = read_json(built.closed_loop)
    assert played["status"] == "done" and 3 * 20 <= played["steps"] < 3 * 40
    assert played["return_mean_rtl"] == played["return_mean_pytorch"] > 0
    strip = image.imread(built.strip)
    assert strip.shape[1] > 4 * strip.shape[0] and strip[..., :3].std() > 0.2


def test_a_shell_takes_a_frame(built: BuildPaths, design: Design) -> None:
    assert write_shell(built, design, "0" * 64).observation.values == 144


def built_by_command(folder: Path, **options: Any) -> tuple[dict[str, Any], Design]:
    """Return report.json and the design that `ganglion hw` makes of the policy in `folder`."""
    asked = HwSettings(policy=folder / "policy", build=folder, **options)
    asked.paths.root.mkdir(parents=True)
    share_simulators(asked.paths)
    build.run(asked)
    return read_json(asked.paths.report), load_design(asked.paths)


@pytest.mark.slow
def test_one_command_makes_verified_hardware_of_a_policy_of_pixels(tmp_path: Path) -> None:
    write_toy_cnn(tmp_path / "policy")
    made, _ = built_by_command(tmp_path, engine="planar", rows=5, streams=2, lanes=2)
    assert made["simulation"]["mismatches"] == 0 and made["closed_loop"]["status"] == "skipped"
    assert made["resources"]["dsp"] == 52


@pytest.mark.slow
@pytest.mark.parametrize("network", [nature_cnn(6), impala(6)], ids=["NatureCNN", "ResNet"])
def test_networks_of_games_fit_a_pynq_and_play_pong(network: Cnn | ResNet, tmp_path: Path) -> None:
    write_random_cnn(tmp_path / "policy", "PongNoFrameskip-v4", network, 0.98, seed=0)
    made, design = built_by_command(tmp_path)
    assert made["simulation"]["mismatches"] == 0 and made["simulation"]["vectors"] >= 2000
    assert made["closed_loop"]["episodes"] == 3
    assert made["closed_loop"]["return_mean_rtl"] == made["closed_loop"]["return_mean_pytorch"]
    assert all(share <= 1 for share in made["resources"]["utilisation"].values())
    assert {layer.engine for layer in design.layers} == {"planar", "folded"}


@pytest.mark.slow
def test_fifty_thousand_frames_are_equal_in_every_layer(
    built: BuildPaths, design: Design, tmp_path: Path
) -> None:
    network, bench = load_policy(built.policy).network, bench_of(design)
    for seed in range(25):
        rng = np.random.default_rng(seed)
        frames = random_frames(rng, TOY_RESNET, 2000)[0].reshape(2000, -1)
        starts = rng.random(2000) < 0.02
        starts[0] = True
        vectors = Vectors.of(network, frames.astype(np.int64), starts)
        traffic = Traffic(stall_percent=25 * (seed % 4), burst_cycles=300, seed=seed + 1)
        run_and_check(bench, vectors, traffic, tmp_path / str(seed))
