"""DQN on frames: games as stable-baselines3 shows them, frames stored once, runs resumed, zips taken up."""

from pathlib import Path
from typing import Any

import ale_py
import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack

from ganglion.models.build.errors import ConfigError
from ganglion.models.games import make_game
from ganglion.training.algorithms import new_learner
from ganglion.training.algorithms.dqn import new_dqn
from ganglion.training.algorithms.dqn_zip import take_up_zip
from ganglion.training.algorithms.frame_buffer import FrameBuffer
from ganglion.training.algorithms.value_network import PixelCnn
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import load_config
from ganglion.training.envs import make_env
from ganglion.training.run import Phase
from ganglion.training.train import train
from tests.training.frames import frames_zip, played
from tests.training.toy import Frames, frames_config, toy_run

gym.register_envs(ale_py)


@pytest.mark.parametrize("training", [True, False])
def test_a_game_looks_as_stable_baselines3_shows_it(training: bool) -> None:
    wrapper = {} if training else {"terminal_on_life_loss": False, "clip_reward": False}
    theirs = make_atari_env("BoxingNoFrameskip-v4", 1, 7, wrapper_kwargs=wrapper)
    stacked, ours = VecFrameStack(theirs, 4, "last"), make_game("BoxingNoFrameskip-v4", training=training)
    expected, (found, _) = stacked.reset(), ours.reset(seed=7)
    for action in np.random.default_rng(0).integers(18, size=40):
        assert np.array_equal(np.moveaxis(expected[0], -1, 0), found)
        expected, reward, _, _ = stacked.step(np.array([action]))
        found, score, _, _, _ = ours.step(int(action))
        assert reward[0] == score


@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize("size", [60, 200])
def test_frames_stored_once_give_the_transitions_of_stable_baselines3(n_steps: int, size: int) -> None:
    spaces = Frames.observation_space, Frames.action_space
    ours = FrameBuffer(size, *spaces, n_steps=n_steps, gamma=0.9)
    theirs = NStepReplayBuffer(size, *spaces, n_steps=n_steps, gamma=0.9)
    for step in played(150):
        ours.add(*step)
        theirs.add(*step)
    drawn = np.unique(np.concatenate([ours._drawn(400)[0] for _ in range(4)]))
    assert len(drawn) >= min(150, size) - n_steps - 3
    whole = np.array([place for place in drawn if not _is_near_a_limit(ours, place, n_steps)])
    found, expected = ours._get_samples(whole), theirs._get_samples(whole)
    for name in ("observations", "actions", "next_observations", "dones", "rewards", "discounts"):
        assert torch.allclose(getattr(found, name).double(), getattr(expected, name).double()), name


def _is_near_a_limit(buffer: FrameBuffer, place: int, n_steps: int) -> bool:
    """Return whether an episode was cut off by its time limit within n steps: what followed is not stored."""
    ahead = (place + np.arange(n_steps)) % buffer.buffer_size
    return bool(buffer._is_cut(ahead, np.zeros_like(ahead)).any())


def test_no_return_reaches_over_a_cut_and_no_cut_step_is_drawn() -> None:
    buffer = FrameBuffer(80, Frames.observation_space, Frames.action_space, n_envs=2, n_steps=3, gamma=0.5)
    for index, step in enumerate(played(20, n_envs=2)):
        buffer.rewards[:] = 1
        buffer.add(*step[:3], np.ones(2), np.zeros(2, bool), step[5])
        if index == 9:
            buffer.cut()
    cut = buffer._get_samples(np.array([7, 8]) * 2 + 1)
    assert cut.rewards[:, 0].tolist() == [1.5, 1.0] and cut.discounts[:, 0].tolist() == [0.25, 0.5]
    assert (cut.next_observations[0] == cut.next_observations[1]).all() and not cut.dones.any()
    for _ in range(20):
        steps, _ = buffer._drawn(50)
        assert not ((buffer.sample(50).discounts == 1).any() or (steps > 16).any())


def test_a_run_on_frames_resumes_with_its_replay_buffer_and_ships_without(tmp_path: Path) -> None:
    run = toy_run(
        name="a",
        config=frames_config(eval_every=80, eval_episodes=1, final_episodes=1),
        build=tmp_path,
        steps=320,
    )
    train(run)
    files = sorted(path.name for path in run.folder.glob("*.npz"))
    assert files == ["best-dense.npz", "checkpoint-frames-320.npz", "checkpoint.npz", "teacher.npz"]
    assert not Checkpoint.load(run.best(Phase.DENSE)).holds("frames")
    whole = Checkpoint.load(run.checkpoint).arrays
    cut = toy_run(name="b", config=run.config, build=tmp_path, steps=320)
    with pytest.raises(KeyboardInterrupt):
        _train_until(cut, 200)
    train(cut)
    resumed = Checkpoint.load(cut.checkpoint).arrays
    assert whole.keys() == resumed.keys()
    for name, array in whole.items():
        assert np.array_equal(array, resumed[name]), name


def _train_until(run: Any, step: int) -> None:
    from ganglion.training.algorithms.dqn import Dqn

    plain = Dqn._on_step

    def stop(self: Dqn) -> None:
        plain(self)
        if self.num_timesteps >= step:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dqn, "_on_step", stop)
        train(run)


@pytest.mark.parametrize("dueling", [True, False])
def test_a_zip_goes_on_with_its_networks_optimizer_and_steps(tmp_path: Path, dueling: bool) -> None:
    theirs = frames_zip(tmp_path / "model.zip")
    ours = new_dqn(frames_config(dqn={"dueling": dueling}), 0)
    assert take_up_zip(ours, tmp_path / "model.zip") == 60
    observation = torch.from_numpy(np.stack([step[0][0] for step in played(20)]))
    for mine, other in ((ours.q_net, theirs.q_net), (ours.q_net_target, theirs.q_net_target)):
        with torch.no_grad():
            assert torch.allclose(mine(observation), other(observation), atol=1e-5)
    moments = [model.policy.optimizer.state_dict()["state"][0]["exp_avg"] for model in (ours, theirs)]
    assert torch.equal(*moments)
    run = toy_run(
        name="z",
        config=frames_config(eval_every=160, eval_episodes=1, final_episodes=1),
        build=tmp_path,
        steps=320,
        parent=tmp_path / "model.zip",
    )
    assert train(run)["steps_done"] == 320


def test_what_does_not_fit_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    frames_zip(path)
    model = new_dqn(frames_config(hidden=(8,)), 0)
    with pytest.raises(
        ConfigError, match=r"model.zip: layers of .*\[24, 64\].*, here .*\[8, 64\].*; set hidden"
    ):
        take_up_zip(model, path)
    model.action_space = gym.spaces.Discrete(18)
    with pytest.raises(
        ConfigError, match="model.zip: 3 actions, the environment has 18; give the zip of this game"
    ):
        take_up_zip(model, path)
    model.action_space, model.observation_space = (
        Frames.action_space,
        gym.spaces.Box(0, 255, (4, 84, 84), np.uint8),
    )
    with pytest.raises(ConfigError, match=r"observations of \[2,36,36\], here \[4,84,84\]; other frames"):
        take_up_zip(model, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ConfigError, match="model.zip is truncated or no zip of stable-baselines3"):
        take_up_zip(model, path)
    with pytest.raises(ConfigError, match="no such game among the ROMs that ale-py ships; known, .*Pong"):
        make_env("PongoNoFrameskip-v4")
    with pytest.raises(ConfigError, match="algorithm = 'sac': .* shows frames, which only dqn reads"):
        new_learner(frames_config(algorithm="sac"), 0)


@pytest.mark.parametrize("game", ["Pong", "Boxing", "CrazyClimber", "Tutankham"])
def test_shipped_games_have_the_published_network(game: str) -> None:
    config = load_config(game)
    assert config.env_id == f"{game}NoFrameskip-v4" and config.algorithm == "dqn" and config.hidden == (512,)
    assert config.batch_size / config.steps_per_update == 8
    assert round(0.6 * config.steps / config.prune_every) == 300


def test_pixels_are_read_at_a_power_of_two() -> None:
    cnn = PixelCnn(Frames.observation_space, 8)
    pixels = torch.randint(0, 256, (3, 2, 36, 36))
    assert torch.equal(cnn(pixels), cnn.linear(cnn.cnn(pixels / 256)))


def test_bfloat16_tells_two_actions_apart_that_differ_by_little_beside_their_value() -> None:
    model = new_dqn(frames_config(dqn={"dueling": True, "bfloat16": True}), 0)
    outputs = model.layers()[-1]
    with torch.no_grad():
        model.q_net.value.weight.zero_()
        model.q_net.value.bias.fill_(1.0)
        outputs.weight.zero_()
        outputs.bias.copy_(torch.arange(len(outputs.bias)) * 2.0**-10)
    frames = torch.zeros(1, *Frames.observation_space.shape, dtype=torch.uint8)
    values = model.values(frames)
    assert torch.allclose(values.diff(), torch.full((1, values.shape[1] - 1), 2.0**-10))
    assert torch.equal(model.as_teacher()(frames, torch.zeros(())), values)
