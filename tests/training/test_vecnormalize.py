"""VecNormalize's files: found under the names that are written, used only by the zips that need them."""

import pickle
import sys
import types
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.callbacks import CheckpointCallback
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from ganglion.models.build.errors import ConfigError
from ganglion.training.envs import make_env
from ganglion.training.sb3_zip import read_zip
from ganglion.training.vecnormalize import choose_vecnormalize, find_vecnormalize, read_vecnormalize
from tests.training.toy import ENV_ID
from tests.training.zips import MEAN, STD, toy_zip, write_statistics


def _chosen(path: Path, asked: str | None = None) -> Path | None:
    env = make_env(ENV_ID)
    return choose_vecnormalize(path, read_zip(path, None, env).model, asked, env)


@pytest.mark.parametrize("name", ["vecnormalize.pkl", "vec_normalize.pkl", "a/vec_normalize.pkl"])
@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_statistics_are_found_under_either_name(name: str, algorithm: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = toy_zip(algorithm, tmp_path / "a.zip", normalized=True, statistics=name)
    assert _chosen(path) == tmp_path / name


def test_rl_zoos_statistics_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "Hopper-v4_2"
    (folder / "Hopper-v4").mkdir(parents=True)
    file = folder / "Hopper-v4" / "vecnormalize.pkl"
    file.touch()
    assert find_vecnormalize(folder / "best_model.zip") == [file]
    assert find_vecnormalize(folder / "Hopper-v4.zip") == [file]
    assert find_vecnormalize(tmp_path / "other.zip") == []


@pytest.mark.parametrize("kind", [PPO, SAC])
def test_what_stable_baselines3_writes_is_taken_for_what_it_is(kind: Any, tmp_path: Path) -> None:
    env = VecNormalize(DummyVecEnv([lambda: gym.make(ENV_ID)]))
    model = kind("MlpPolicy", env, device="cpu", **({"n_steps": 64} if kind is PPO else {}))
    model.learn(128, CheckpointCallback(64, str(tmp_path), save_vecnormalize=True))
    first = tmp_path / "rl_model_64_steps.zip"
    assert _chosen(first) == tmp_path / "rl_model_vecnormalize_64_steps.pkl"
    raw = kind("MlpPolicy", DummyVecEnv([lambda: gym.make(ENV_ID)]), device="cpu")
    raw.learn(128)
    raw.save(tmp_path / "raw.zip")
    assert _chosen(tmp_path / "raw.zip") is None


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_a_foreign_file_beside_a_zip_that_never_had_one_is_not_used(algorithm: str, tmp_path: Path) -> None:
    path = toy_zip(algorithm, tmp_path / "raw.zip")
    foreign = write_statistics(tmp_path / "vecnormalize.pkl", MEAN, STD)
    assert _chosen(path) is None
    assert _chosen(path, str(foreign)) == foreign


def test_doubt_is_refused_and_a_setting_ends_it(tmp_path: Path) -> None:
    path = toy_zip("PPO", tmp_path / "mine.zip", normalized=True)
    other = write_statistics(tmp_path / "vec_normalize.pkl", MEAN + 1, STD)
    with pytest.raises(ConfigError, match=r"was trained with VecNormalize.*not certain.*vecnormalize=none"):
        _chosen(path)
    assert _chosen(path, str(other)) == other and _chosen(path, "none") is None
    for file in tmp_path.glob("*.pkl"):
        file.unlink()
    with pytest.raises(ConfigError, match="no such file lies beside it"):
        _chosen(path)


def test_of_several_files_the_one_that_made_the_last_observation_is_taken(tmp_path: Path) -> None:
    path = toy_zip("SAC", tmp_path / "mine.zip", normalized=True)
    write_statistics(tmp_path / "vec_normalize.pkl", MEAN + 1, STD)
    assert _chosen(path) == tmp_path / "vecnormalize.pkl"


class _OldBox(gym.spaces.Box):
    """A space as gym, which is not installed, would have pickled it."""


def test_statistics_pickled_with_gym_are_read_and_nothing_in_them_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "exploded",)

    old = types.ModuleType("gym.spaces.box")
    _OldBox.__module__, _OldBox.__qualname__, _OldBox.__name__ = old.__name__, "Box", "Box"
    old.Box = _OldBox  # type: ignore[attr-defined]
    for name in ("gym", "gym.spaces", old.__name__):
        monkeypatch.setitem(sys.modules, name, old)
    saved = VecNormalize(DummyVecEnv([lambda: gym.make(ENV_ID)]))
    saved.observation_space = _OldBox(-1.0, 1.0, (2,))
    saved.obs_rms.mean, saved.obs_rms.var = MEAN, STD**2
    saved.bomb = Bomb()  # type: ignore[attr-defined]
    path = tmp_path / "old.pkl"
    saved.save(str(path))
    monkeypatch.undo()
    standardizer = read_vecnormalize(path, make_env(ENV_ID))
    assert standardizer is not None
    np.testing.assert_allclose(standardizer.mean, MEAN, rtol=1e-6)
    assert not (tmp_path / "exploded").exists()


def test_a_file_that_is_not_vecnormalizes_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.pkl"
    for data, message in ((b"no pickle", "truncated or not"), (pickle.dumps([1]), "holds a list")):
        other.write_bytes(data)
        with pytest.raises(ConfigError, match=message):
            read_vecnormalize(other, make_env(ENV_ID))


def test_a_time_feature_is_named(tmp_path: Path) -> None:
    env = gym.wrappers.TimeAwareObservation(gym.make(ENV_ID), normalize_time=True)
    PPO("MlpPolicy", env, device="cpu").save(tmp_path / "timed.zip")
    with pytest.raises(ConfigError, match="timed.zip.*TimeFeatureWrapper adds one"):
        read_zip(tmp_path / "timed.zip", None, make_env(ENV_ID))
