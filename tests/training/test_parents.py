"""A run's checkpoint as a teacher: compressed like a zip, by a copy or by a student of another network."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.models.formats.policy_folder import load_policy
from ganglion.training.compress import CompressSettings, compress
from ganglion.training.parents import dense_steps
from ganglion.training.records import read_result
from ganglion.training.run import Phase, Run
from ganglion.training.train import train
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
