"""What a teacher reaches, and that it is worth imitating: better than random actions."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch

from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import write_json
from ganglion.models.build.spelling import spelled
from ganglion.models.nets.float_network import Weighted
from ganglion.training.algorithms.dqn import Dqn, new_dqn
from ganglion.training.algorithms.dqn_zip import take_up_zip
from ganglion.training.algorithms.port import Learner
from ganglion.training.envs import FloatArray, make_env
from ganglion.training.episodes import TEST_SEEDS, Policy, greedy, n_test_episodes, run_episodes, unsquash
from ganglion.training.evaluate import parent_result
from ganglion.training.learner import deterministic_policy, load_learner
from ganglion.training.records import TEACHER_FILE, TeacherRecord
from ganglion.training.run import Run
from ganglion.training.sb3_zip import ZipPolicy, read_zip
from ganglion.training.statistics import Statistics, mean_and_std

log = logging.getLogger(__name__)

_RANDOM_EPISODES = 20
_MIN_WINS = 0.9
"""The part of those episodes in which a teacher must reach more than random actions from the same seed."""


def teacher_record(run: Run) -> TeacherRecord:
    """Return teacher.json of a run's folder, written now unless it is of the same files."""
    path = run.folder / TEACHER_FILE
    key = {"teacher_sha256": run.teacher_sha256, "env_id": run.config.env_id}
    if path.exists():
        record = decode_json(TeacherRecord, path)
        if all(getattr(record, name) == value for name, value in key.items()):
            return record
    write_json(path, key | _evaluated(run))
    return decode_json(TeacherRecord, path)


def require_able(record: TeacherRecord, path: str) -> None:
    """Say what the teacher in a record reaches; raise ConfigError if random actions are as good."""
    teacher, chance = (
        mean_and_std(found.mean, found.std)
        for found in map(Statistics.of, (record.returns, record.random_returns))
    )
    reached = f"{teacher}, random actions {chance}"
    log.info("teacher (%s): return %s", record.algorithm, reached)
    wins = np.array(record.returns[:_RANDOM_EPISODES]) > record.random_returns
    if wins.mean() < _MIN_WINS:
        raise ConfigError(
            f"{path} is hardly better than random actions here ({reached}): perhaps it is of another "
            f"environment or {spelled('vecnormalize')}; {spelled('weak_teacher')} goes on with it"
        )


def _evaluated(run: Run) -> dict[str, Any]:
    env_id = run.config.env_id
    env = make_env(env_id)
    assert run.parent is not None
    acting = _zip_actor if run.parent_is_zip and run.config.algorithm != "dqn" else _learner
    algorithm, layers, policy = acting(run, run.parent, env)
    episodes = run_episodes(env_id, policy, n_test_episodes(env_id), TEST_SEEDS)
    chance = run_episodes(env_id, _random(env), _RANDOM_EPISODES, TEST_SEEDS)
    return {
        "algorithm": algorithm,
        "n_weights": sum(layer.weight.numel() for layer in layers),
        **episodes.to_json(),
        "random_returns": chance.returns.tolist(),
        "parent_result": None if run.parent_is_zip else _before(run.parent),
    }


def _before(checkpoint: Path) -> dict[str, Any] | None:
    """Return what a teacher that is pruned itself came from, so that a student's origin is the dense one."""
    teacher = Run.of(checkpoint)
    return parent_result(checkpoint.parent, teacher) if teacher.sparsity else None


Teacher = tuple[str, Sequence[Weighted], Policy]
"""A teacher's algorithm, its layers, and how it acts."""


def _zip_actor(run: Run, path: Path, env: gym.Env[Any, Any]) -> Teacher:
    policy = read_zip(path, run.vecnormalize, env)
    return policy.algorithm, policy.layers, _greedy(policy, env)


def _learner(run: Run, path: Path, env: gym.Env[Any, Any]) -> Teacher:
    """Return the teacher in a run's checkpoint, or in DQN's zip."""
    if run.parent_is_zip:
        model: Learner = new_dqn(run.config, run.seed)
        take_up_zip(cast(Dqn, model), path)
    else:
        model = load_learner(path)[1]
    return model.algorithm, model.layers(), greedy(deterministic_policy(model), env.action_space)


def _greedy(policy: ZipPolicy, env: gym.Env[Any, Any]) -> Policy:
    silence = torch.zeros(env.action_space.shape or ())

    def act(observations: FloatArray) -> FloatArray:
        squashed = policy.act(torch.from_numpy(observations), silence).double().numpy()
        return unsquash(squashed, env.action_space)

    return act


def _random(env: gym.Env[Any, Any]) -> Policy:
    random, space = np.random.default_rng(0), env.action_space
    if isinstance(space, gym.spaces.Discrete):
        return lambda observations: random.integers(space.n, size=len(observations))
    return lambda observations: unsquash(
        random.uniform(-1, 1, (len(observations), *(space.shape or ()))), space
    )
