"""Distillation on the toy: a sparse int8 actor imitates a trained one, with no reward."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import read_json
from ganglion.training.algorithms.sac import new_sac
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.learner import restore
from ganglion.training.options import TrainSettings
from ganglion.training.run import Run
from ganglion.training.train import train
from tests.training.test_train import GOOD_RETURN
from tests.training.toy import toy_run


def test_a_distilled_policy_is_sparse_int8_and_good(dense_run: tuple[Run, Path]) -> None:
    changes = {"sparsity": 0.8, "steps": 1_200, "qat_steps": 400, "parent": dense_run[1]}
    run = toy_run(name="distilled", distill=True, **changes)
    train(run)
    result = read_json(run.folder / "result.json")
    assert result["return_mean"] > GOOD_RETURN
    assert result["phase"] == "qat" and result["sparsity"] >= 0.8


def test_a_teacher_alone_is_enough_to_distil_from_and_for_nothing_else(dense_run: tuple[Run, Path]) -> None:
    teacher = dense_run[1].parent / "teacher.npz"
    assert teacher.stat().st_size < dense_run[1].stat().st_size / 2
    run = toy_run(name="taught", distill=True, sparsity=0.5, steps=800, qat_steps=0, parent=teacher)
    assert train(run)["return_mean"] > GOOD_RETURN
    with pytest.raises(ConfigError, match="is an actor alone: it takes distill"):
        train(replace(run, name="learnt", distill=False))


def test_a_teachers_dense_copy_becomes_int8_by_imitation(dense_run: tuple[Run, Path]) -> None:
    teacher = dense_run[1].parent / "teacher.npz"
    run = toy_run(name="copied", distill=True, steps=400, qat_steps=240, parent=teacher)
    result = train(run)
    assert result["phase"] == "qat" and result["return_mean"] > GOOD_RETURN


def test_the_teacher_does_not_change_and_the_student_comes_closer(dense_run: tuple[Run, Path]) -> None:
    model = new_sac(dense_run[0].config, seed=0)
    restore(model, Checkpoint.load(dense_run[1]))
    model.teacher = model.as_teacher()
    assert model.replay_buffer is not None
    with torch.no_grad():
        for parameter in model.actor.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    observation = torch.from_numpy(model.replay_buffer.observations[:200, 0])

    def distance() -> float:
        with torch.no_grad():
            return float((model.actor(observation, True) - model.teacher(observation, silence)).abs().mean())

    silence = torch.zeros(200, 1)
    taught, before = model.teacher(observation, silence), distance()
    model.train(200, 64)
    assert distance() < 0.3 * before
    assert torch.equal(model.teacher(observation, silence), taught)


def test_distilling_without_a_teacher_is_refused() -> None:
    with pytest.raises(ConfigError, match="distill needs a teacher: a checkpoint given by from"):
        TrainSettings(environment="Hopper", distill=True, sparsity=0.9).plan()
