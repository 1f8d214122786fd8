"""A policy for the toy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.models.formats.policy_folder import Policy, load_policy, write_description
from tests.networks import write_random_policy
from tests.training.toy import ENV_ID


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """Return a random policy that nudges the toy, its folder tmp_path/mine."""
    found = write_random_policy(tmp_path / "mine", np.random.default_rng(1), (2, 12, 8, 1), env=ENV_ID)
    write_description(
        tmp_path / "mine", replace(found.spec, action=replace(found.spec.action, low=(-0.1,), high=(0.1,)))
    )
    return load_policy(tmp_path / "mine")
