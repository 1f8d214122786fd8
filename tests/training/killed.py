"""Runs that are killed again and again, and must come to the same end."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ganglion.training.callbacks import MilestoneCallback
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.run import Run
from ganglion.training.train import train


class KilledError(Exception):
    """Stands for a kill."""


def curve_of(run: Run) -> list[dict[str, Any]]:
    """Return a run's learning curve without what depends on the machine's speed."""
    entries = [json.loads(line) for line in run.curve.read_text().splitlines()]
    return [{key: value for key, value in entry.items() if key != "elapsed_s"} for entry in entries]


def assert_resumes(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train a run in one go and once more killed at its third, fifth and sixth milestone: all is equal."""
    train(whole)
    killed = replace(whole, name="killed")
    milestone, left = MilestoneCallback._milestone, [0]

    def kill_after_some(self: MilestoneCallback) -> None:
        if not left[0]:
            raise KilledError
        left[0] -= 1
        milestone(self)

    for left[0] in (2, 2, 1):
        with monkeypatch.context() as patch, pytest.raises(KilledError):
            patch.setattr(MilestoneCallback, "_milestone", kill_after_some)
            train(killed)
    train(killed)
    assert curve_of(killed) == curve_of(whole)
    a, b = (Checkpoint.load(run.checkpoint).arrays for run in (whole, killed))
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
