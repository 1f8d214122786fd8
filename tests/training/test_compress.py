"""Zips of stable-baselines3 on the toy: each becomes a sparse int8 policy folder that acts as its teacher."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO, SAC

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import read_json
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import quantize_observation
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.compress import CompressSettings, compress
from ganglion.training.compress_table import Row, table_of
from ganglion.training.envs import make_env
from ganglion.training.run import Phase, Run
from ganglion.training.sb3_zip import read_zip
from ganglion.training.statistics import Statistics
from ganglion.training.student import has_critics_for, is_alike, start_student
from ganglion.training.vecnormalize import choose_vecnormalize
from tests.training.test_train import GOOD_RETURN
from tests.training.toy import ENV_ID, Toy, toy_config, toy_run
from tests.training.zips import ALGORITHMS, MEAN, STD, toy_zip


def _run(path: Path, **changes: Any) -> Run:
    values = {"name": path.stem, "distill": True, "sparsity": 0.8, "steps": 800, "qat_steps": 240}
    return toy_run(**{**values, "parent": path, **changes})


def _statistics(path: Path) -> Path | None:
    env = make_env(ENV_ID)
    return choose_vecnormalize(path, read_zip(path, None, env).model, None, env)


def _states() -> np.ndarray:
    return np.random.default_rng(5).uniform(-1, 1, (400, 2)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "normalized", "dense_steps"),
    [("SAC", False, 0), ("TD3", False, 0), ("DDPG", True, 0), ("PPO", True, 240)],
)
def test_a_zip_becomes_a_sparse_int8_folder_that_acts_alike(
    name: str, normalized: bool, dense_steps: int, tmp_path: Path
) -> None:
    path = toy_zip(name, tmp_path / "zips" / "mine.zip", normalized=normalized)
    statistics = _statistics(path)
    assert (statistics is not None) == normalized
    run = _run(path, vecnormalize=statistics, dense_steps=dense_steps)
    rows = compress(run, Path("folder"))
    policy = load_policy(Path("folder"))
    assert [row.name for row in rows] == [f"teacher ({name})", "sparse float", "sparse int8"]
    assert all(row.statistics.mean > GOOD_RETURN for row in rows)
    assert policy.spec.algorithm == name and policy.spec.env == ENV_ID
    assert policy.spec.provenance["sparsity"] >= 0.8
    assert rows[-1].nnz == policy.spec.provenance["nnz"] and rows[-1].live == policy.network.nnz
    assert table_of(rows).row_count == 3
    inputs = quantize_observation(_states(), policy.spec.normalizer, policy.network.spec.input_type)
    mean = policy.network.forward(inputs)[-1] * 2.0**policy.spec.action.exponent
    teacher = read_zip(path, statistics, make_env(ENV_ID))
    wanted = teacher.act(torch.from_numpy(_states()), torch.zeros(1)).numpy()
    assert np.abs(np.tanh(mean) - wanted).mean() < 0.15
    result = read_json(run.folder / "result.json")
    assert result["parent_result"]["n_weights"] == 32 * (2 + 32 + 1)


def test_finetuning_goes_on_from_the_int8_policy_and_a_finished_run_is_only_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(toy_zip("SAC", tmp_path / "mine.zip"), steps=400, qat_steps=160, finetune_steps=240)
    rows = compress(run, Path("folder"))
    assert rows[-1].name == "sparse int8, fine-tuned"
    assert rows[-1].statistics.mean >= rows[-2].statistics.mean - 0.5
    assert read_json(run.folder / "result.json")["phase"] == Phase.FINETUNE.value
    assert load_policy(Path("folder")).spec.provenance["sparsity"] >= 0.8
    monkeypatch.setattr("ganglion.training.teacher._evaluated", lambda *_: pytest.fail("evaluated again"))
    before = run.checkpoint.read_bytes()
    assert compress(run, Path("again")) == rows
    assert run.checkpoint.read_bytes() == before


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("normalized", [False, True])
def test_the_teacher_acts_as_stable_baselines3_predicts(name: str, normalized: bool, tmp_path: Path) -> None:
    path = toy_zip(name, tmp_path / "mine.zip", normalized=normalized, hidden=(16, 8, 4))
    teacher = read_zip(path, _statistics(path), make_env(ENV_ID))
    seen = np.clip((_states() - MEAN) / STD, -10, 10).astype(np.float32) if normalized else _states()
    predicted, _ = ALGORITHMS[name].load(path, device="cpu").predict(seen, deterministic=True)
    silent = teacher.act(torch.from_numpy(_states()), torch.zeros(1)).numpy()
    np.testing.assert_allclose(2 * silent, predicted, atol=2e-5)
    noisy = teacher.act(torch.from_numpy(_states()), torch.ones(400, 1)).numpy()
    assert (np.abs(noisy) <= 1).all() and (noisy >= silent).all() and (noisy > silent).any()


@pytest.mark.parametrize(
    ("name", "hidden", "alike"),
    [("SAC", (32, 32), True), ("DDPG", (32, 32), True), ("TD3", (16, 32), False), ("PPO", (32, 32), False)],
)
def test_a_student_starts_as_a_copy_where_the_networks_are_alike(
    name: str, hidden: tuple[int, ...], alike: bool, tmp_path: Path
) -> None:
    path = toy_zip(name, tmp_path / "mine.zip", normalized=True, hidden=hidden)
    policy = read_zip(path, _statistics(path), make_env(ENV_ID))
    model = new_sac(toy_config(), seed=1)
    assert is_alike(model, policy) == alike
    assert not has_critics_for(model, policy)
    start_student(model, policy)
    observation = torch.from_numpy(_states())
    with torch.no_grad():
        mine = model.actor(observation, deterministic=True)
    difference = (mine - policy.act(observation, torch.zeros(1))).abs().max()
    assert (float(difference) < 1e-4) == alike


def test_a_sacs_critics_are_carried_over(tmp_path: Path) -> None:
    policy = read_zip(toy_zip("SAC", tmp_path / "mine.zip"), None, make_env(ENV_ID))
    model = new_sac(toy_config(), seed=1)
    assert has_critics_for(model, policy)
    start_student(model, policy)
    observation, action = torch.from_numpy(_states()), torch.zeros(400, 1)
    with torch.no_grad():
        for mine, theirs in zip(
            model.critic(observation, action), policy.model.policy.critic(observation, action), strict=True
        ):
            assert torch.equal(mine, theirs)
    assert len(model.layers()) == 3


def _save(model: Any, path: Path) -> Path:
    model.save(path)
    return path


def _truncated(path: Path) -> Path:
    toy_zip("SAC", path)
    path.write_bytes(path.read_bytes()[:-2_000])
    return path


def _other_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no policy")
    return path


def _damaged_weights(path: Path) -> Path:
    """Return a zip whose JSON is whole and whose weights are not there."""
    whole = toy_zip("TD3", path.with_name("whole.zip"))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"" if name == "policy.pth" else source.read(name))
    return path


class _Odd(gym.Env[Any, Any]):
    """An environment of which only the spaces matter."""

    def __init__(self, observation_space: gym.Space[Any]) -> None:
        self.observation_space, self.action_space = observation_space, Toy.action_space


_IMAGES = gym.spaces.Box(0, 255, (36, 36, 3), np.uint8)
BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "another's settings": (
        lambda p: _save(DQN("MlpPolicy", "CartPole-v1", buffer_size=1), p),
        "is of DQN; name settings that are DQN's, such as base=CartPole",
    ),
    "a cousin": (lambda p: _save(A2C("MlpPolicy", ENV_ID), p), "unknown algorithm.*TD3, DDPG and PPO"),
    "discrete actions": (
        lambda p: _save(PPO("MlpPolicy", _Discrete()), p),
        r"action_space is Discrete, allowed: Box \(continuous\)",
    ),
    "another shape": (
        lambda p: _save(PPO("MlpPolicy", "Pendulum-v1"), p),
        r"observation_space has shape \(3,\), that of .*Toy-v0 is \(2,\)",
    ),
    "images": (
        lambda p: _save(PPO("CnnPolicy", _Odd(_IMAGES)), p),
        r"observation_space has shape \(.*\), images or stacks \(CnnPolicy\); supported: SAC",
    ),
    "dictionaries": (
        lambda p: _save(PPO("MultiInputPolicy", _Odd(gym.spaces.Dict(x=Toy.observation_space))), p),
        "observation_space is Dict, allowed: Box",
    ),
    "missing": (lambda p: p, "is missing; give the zip"),
    "truncated": (_truncated, "is truncated or no zip of stable-baselines3"),
    "another zip": (_other_zip, "is truncated or no zip of stable-baselines3"),
    "damaged": (_damaged_weights, "stable-baselines3 cannot load it"),
}


class _Discrete(_Odd):
    def __init__(self) -> None:
        super().__init__(Toy.observation_space)
        self.action_space = gym.spaces.Discrete(2)


@pytest.mark.parametrize("what", BAD)
def test_a_zip_that_cannot_be_a_teacher_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    make, message = BAD[what]
    path = make(tmp_path / "bad.zip")
    with pytest.raises(ConfigError, match=message) as caught:
        CompressSettings(checkpoint=path, environment=ENV_ID, base="Hopper").plan()
    assert "\n" not in str(caught.value) and "bad.zip" in str(caught.value)


def test_nothing_is_unpickled_before_the_zip_was_seen_to_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _save(PPO("MlpPolicy", "Pendulum-v1"), tmp_path / "pendulum.zip")
    monkeypatch.setattr("cloudpickle.loads", lambda *_: pytest.fail("unpickled"))
    with pytest.raises(ConfigError, match="has shape"):
        read_zip(path, None, make_env(ENV_ID))


def test_the_command_line_plans_the_run(tmp_path: Path) -> None:
    path = toy_zip("TD3", tmp_path / "mine.zip", normalized=True)
    asked = {"checkpoint": path, "environment": ENV_ID, "base": "Hopper", "sparsity": 0.9, "seed": 3}
    run, folder = CompressSettings(**asked).plan()
    assert (run.name, run.sparsity, run.steps, run.qat_steps) == ("mine-sparse90-s3", 0.9, 160_000, 40_000)
    assert run.config.env_id == run.environment == ENV_ID and run.config.hidden == (256, 256)
    assert run.vecnormalize == tmp_path / "vecnormalize.pkl"
    assert run.dense_steps == 40_000 and run.prune_window == (40_000, 100_000)
    assert folder == Path("build") / ENV_ID / "compressed" / run.name
    other = CompressSettings(**asked, hidden=(32, 32), pruning="rigl", set="batch_size=64").plan()[0]
    assert other.name == "mine-sparse90-batch_size64-hidden32x32-rigl-s3" and other.dense_steps == 0
    assert CompressSettings(**asked, hidden=(256, 256), pruning="magnitude").plan()[0].name == run.name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"environment": "Hoper", "base": None}, "unknown environment 'Hoper'; known: .*Hopper.* by base"),
        ({"sparsity": 1.0}, "sparsity 1.0 is outside"),
        ({"steps": 0}, "steps=0: the student of a zip, .*, needs some"),
        ({"qat_steps": 0}, "qat_steps=0: a policy folder is int8"),
        ({"vecnormalize": "no.pkl"}, "no.pkl is missing"),
        ({"steps": 8_000}, "steps=8000: the network first learns after learning_starts = 10000 steps"),
        ({"environment": "HalfCheetah-v3"}, "environment 'HalfCheetah-v3'"),
        ({"ft_steps": 8}, "ft_steps needs the critics of a SAC zip"),
    ],
)
def test_a_compression_that_cannot_be_is_refused(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = toy_zip("PPO", tmp_path / "mine.zip")
    asked = {"checkpoint": path, "environment": ENV_ID, "base": "Hopper"}
    with pytest.raises(ConfigError, match=message):
        CompressSettings(**asked | changes).plan()


def test_a_policy_that_lost_more_than_a_tenth_says_what_to_try(tmp_path: Path) -> None:
    def row(name: str, returns: list[float]) -> Row:
        return Row(name=name, statistics=Statistics.of(returns), nnz=1, live=None, seconds=None)

    teacher, good, bad = row("teacher", [-10.0] * 3), row("int8", [-10.9] * 3), row("int8", [-12.0] * 3)
    assert table_of([teacher, bad, good]).caption is None
    assert table_of([teacher, good, bad]).caption == (
        "20% of the teacher's return is lost: try a lower sparsity, more steps, or ft_steps, "
        "which learn from rewards (SAC and DQN only)"
    )


def test_another_zip_at_the_same_path_does_not_go_on_with_the_old_student(tmp_path: Path) -> None:
    path, env = toy_zip("SAC", tmp_path / "mine.zip"), {"environment": ENV_ID, "base": "Hopper"}
    run, _ = CompressSettings(checkpoint=path, **env).plan()
    moved, _ = CompressSettings(checkpoint=path.rename(tmp_path / "moved.zip"), run=run.name, **env).plan()
    assert run.is_same(moved)
    toy_zip("TD3", path)
    other, _ = CompressSettings(checkpoint=path, **env).plan()
    assert other.parent == run.parent and not run.is_same(other)


def test_a_teacher_no_better_than_random_actions_is_refused_unless_asked_for(tmp_path: Path) -> None:
    model = SAC("MlpPolicy", gym.make(ENV_ID), policy_kwargs={"net_arch": [32, 32]}, device="cpu", seed=0)
    run = _run(_save(model, tmp_path / "untrained.zip"), steps=80, qat_steps=0, teacher_sha256="untrained")
    with pytest.raises(ConfigError, match=r"untrained.zip is hardly better than random.*weak_teacher"):
        compress(run, tmp_path / "folder")
    assert not run.checkpoint.exists()
