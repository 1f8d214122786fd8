"""A run's checkpoint as a teacher: compressed like a zip, by a copy or by a student of another network."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.models.formats.policy_folder import load_policy
from ganglion.training.compress import CompressSettings, compress
from ganglion.training.evaluate import parent_result
from ganglion.training.learner import load_learner
from ganglion.training.options import TrainSettings
from ganglion.training.parents import dense_steps
from ganglion.training.records import read_result
from ganglion.training.run import Phase, Run
from ganglion.training.train import _new_learner, train
from tests.training.test_train import GOOD_RETURN
from tests.training.toy import ENV_ID, FRAMES_ID, frames_config, toy_config, toy_run

SHORT = (
    "learning_starts=200 updates_per_rollout=8 steps_per_update=1 eval_every=240 distill_learning_rate=1e-2"
)


def test_compress_takes_a_runs_checkpoint(dense_run: tuple[Run, Path], tmp_path: Path) -> None:
    asked: dict[str, Any] = {"checkpoint": dense_run[1], "environment": ENV_ID, "base": "Hopper"}
    asked |= {"hidden": (32, 32), "sparsity": 0.8, "steps": 480, "qat_steps": 120, "set": SHORT}
    run, folder = CompressSettings(**asked, build=tmp_path).plan()
    assert run.name.startswith("dense-sparse80-") and "hidden32x32" in run.name and run.dense_steps == 0
    rows = compress(run, folder)
    assert [row.name for row in rows] == ["teacher (SAC)", "sparse float", "sparse int8"]
    assert all(row.statistics.mean > GOOD_RETURN for row in rows)
    assert load_policy(folder).spec.provenance["sparsity"] >= 0.79
    again, _ = CompressSettings(
        **asked | {"checkpoint": run.best(Phase.PRUNE), "run": "again"}, build=tmp_path
    ).plan()
    compress(again, tmp_path / "again")
    origin, teacher = read_result(again.folder).origin, rows[0].statistics
    assert origin is not None and (origin.return_mean, origin.return_std) == (teacher.mean, teacher.std)


def test_a_student_of_another_network_begins_at_random(dense_run: tuple[Run, Path]) -> None:
    assert Run.of(dense_run[1]).name == "dense"
    assert dense_steps(toy_config(), dense_run[1], 800) == 0
    assert dense_steps(toy_config(hidden=(16,)), dense_run[1], 800) == 200
    wider = CompressSettings(checkpoint=dense_run[1], environment=ENV_ID, base="Hopper", hidden=(8,))
    assert wider.plan()[0].dense_steps == 40_000


def test_the_usual_steps_of_a_compression_are_whole_rollouts(dense_run: tuple[Run, Path]) -> None:
    rollouts = "updates_per_rollout=8 steps_per_update=375 prune_every=3000 eval_every=3000"
    asked = CompressSettings(checkpoint=dense_run[1], environment=ENV_ID, base="Hopper", hidden=(32, 32))
    run = replace(asked, set=rollouts).plan()[0]
    assert (run.steps, run.qat_steps) == (159_000, 39_000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"environment": "Hopper", "base": None}, "is of GanglionToy-v0; the student acts in Hopper-v4"),
        ({"hidden": (8,), "ft_steps": 8}, "ft_steps go on with the teacher's networks, which are not those"),
        ({"checkpoint": Path("no.npz")}, "checkpoint no.npz is missing"),
        ({"set": "batch_sice=3"}, "batch_sice"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    changes: dict[str, Any], message: str, dense_run: tuple[Run, Path]
) -> None:
    asked: dict[str, Any] = {"checkpoint": dense_run[1], "environment": ENV_ID, "base": "Hopper"}
    with pytest.raises(ConfigError, match=message):
        CompressSettings(**asked | changes).plan()


@pytest.mark.slow
def test_a_resnet_is_distilled_from_a_cnn(tmp_path: Path) -> None:
    config = frames_config(eval_every=80, eval_episodes=1, final_episodes=1, learning_starts=40)
    dense = toy_run(name="dense", config=config, build=tmp_path, steps=80)
    train(dense)
    teacher = dense.best(Phase.DENSE)
    student = frames_config(
        eval_every=80, eval_episodes=1, final_episodes=1, learning_starts=20, dqn={"network": "resnet"}
    )
    run = toy_run(
        config=student,
        build=tmp_path,
        steps=160,
        qat_steps=48,
        sparsity=0.8,
        parent=teacher,
        distill=True,
        dense_steps=dense_steps(student, teacher, 160),
    )
    assert run.dense_steps == 32
    compress(run, tmp_path / "folder", weak_teacher=True)
    spec = load_policy(tmp_path / "folder").spec
    assert spec.env == FRAMES_ID and spec.network.frame_stack == 2
    assert sum(layer.residual is not None for layer in spec.network.layers) == 6


def test_a_student_of_another_width_sees_what_its_teacher_saw(tmp_path: Path) -> None:
    dense = toy_run(name="dense", config=toy_config(algorithm="ppo"), steps=2_000, build=tmp_path)
    train(dense)
    config = toy_config(algorithm="ppo", hidden=(16,))
    parent = dense.best(Phase.DENSE)
    student = toy_run(name="s", config=config, steps=400, parent=parent, distill=True, build=tmp_path)
    raw = np.random.default_rng(0).uniform(-2, 2, (5, 2)).astype(np.float32)
    normalized = [model.get_vec_normalize_env().normalize_obs(raw) for model in _teacher_and_student(student)]
    np.testing.assert_array_equal(*normalized)
    assert np.abs(normalized[0] - raw).max() > 0.1


def _teacher_and_student(run: Run) -> tuple[Any, Any]:
    assert run.parent is not None
    return load_learner(run.parent)[1], _new_learner(run)


def test_the_parent_is_what_was_started_from_and_not_its_runs_last(tmp_path: Path) -> None:
    steps = {"sparsity": 0.5, "steps": 1_200, "qat_steps": 400}
    first = toy_run(name="first", **steps, build=tmp_path)
    result = train(first)
    for parent, phase in ((first.best(Phase.QAT), None), (first.best(Phase.PRUNE), "prune")):
        again = replace(first, name="again", steps=0, parent=parent)
        found = parent_result(again.folder, again)
        assert found is not None
        expected = result if phase is None else result["earlier_phases"][phase]
        assert found["return_mean"] == expected["return_mean"]
    assert result["earlier_phases"]["prune"]["return_mean"] != result["return_mean"]
    assert parent_result(first.folder, replace(first, parent=first.checkpoint)) is None


def test_a_teacher_that_was_replaced_meanwhile_is_refused(
    dense_run: tuple[Run, Path], tmp_path: Path
) -> None:
    parent = Path(shutil.copy(dense_run[1], tmp_path / "teacher.npz"))
    run = toy_run(name="s", sparsity=0.8, steps=1_200, parent=parent, distill=True, build=tmp_path)
    train(run)
    shutil.copy(run.best(Phase.PRUNE), parent)
    with pytest.raises(ConfigError, match=r"teacher.npz is another file than when .* began to imitate it"):
        train(run)


def test_snip_without_experience_is_refused_before_anything_is_made() -> None:
    asked: dict[str, Any] = {"config": toy_config(pruning="snip"), "sparsity": 0.5, "steps": 800}
    toy_run(name="new", **asked)
    with pytest.raises(
        ConfigError, match="pruning=snip judges weights by experience, which model.zip does not"
    ):
        toy_run(name="copy", parent=Path("model.zip"), distill=True, **asked)


def test_neurons_of_a_games_network_are_not_pruned() -> None:
    with pytest.raises(ConfigError, match="pruning=neurons_l2 removes neurons of dense layers, but a game's"):
        TrainSettings(environment="Pong", sparsity=0.5, pruning="neurons_l2").plan()
