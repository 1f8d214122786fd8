"""A number that is not finite stops a run with one line; the last good checkpoint stays."""

from typing import Any

import numpy as np
import pytest

from ganglion.models.build.errors import TrainingError
from ganglion.training.algorithms.fast_sac import Batch, FastSac
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.train import train
from tests.training.toy import Toy, toy_run


def test_an_environment_that_fails_stops_the_run_and_keeps_its_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = toy_run(name="nan")
    step, left = Toy.step, [700]

    def fails_later(self: Toy, action: Any) -> Any:
        left[0] -= 1
        observation, _, *rest = step(self, action)
        return observation, float("nan" if left[0] < 0 else 0), *rest

    monkeypatch.setattr(Toy, "step", fails_later)
    message = (
        r"step \d+: the environment's .* reward is not finite; step (0|400) is kept in .*/nan/checkpoint.npz"
    )
    with pytest.raises(TrainingError, match=message):
        train(run)
    assert np.isfinite(Checkpoint.load(run.checkpoint).arrays["actor/mu.weight"]).all()


def test_parameters_that_explode_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = toy_run(name="exploded")
    update = FastSac._update

    def explodes_later(self: FastSac, batch: Batch, learning_rate: float) -> None:
        update(self, batch, learning_rate if self.num_timesteps < 600 else float("inf"))

    monkeypatch.setattr(FastSac, "_update", explodes_later)
    with pytest.raises(TrainingError) as stopped:
        train(run)
    line = str(stopped.value)
    assert line.startswith("step 600: a parameter of the actor is not finite; a lower learning_rate")
    assert line.endswith("step 400 is kept in build/Toy/train/exploded/checkpoint.npz, for from")
    assert "\n" not in line
