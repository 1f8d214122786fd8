"""The safe action is zero, the last one, or what the user says, and always one that the environment takes."""

import numpy as np
import pytest

from ganglion.deploy.control.safe_action import safe_action, zero_action
from ganglion.deploy.host_ends import ArgmaxAction, TanhAction
from ganglion.models.build.errors import ConfigError

REAL = TanhAction(exponent=0, low=(-1.0, 0.5), high=(1.0, 2.0))
CHOICE = ArgmaxAction(exponent=0, n_actions=4)


def test_zero_is_clipped_to_the_bounds() -> None:
    assert zero_action(REAL).tolist() == [0.0, 0.5]
    assert zero_action(REAL).dtype == np.float32
    assert zero_action(CHOICE) == 0


def test_a_user_says_zero_hold_or_numbers() -> None:
    assert safe_action("zero", REAL).tolist() == [0.0, 0.5]
    assert safe_action("hold", REAL) is None
    assert safe_action("-0.5,1", REAL).tolist() == [-0.5, 1.0]
    assert safe_action("3", CHOICE) == 3


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("stop", REAL, "safe_action=stop: allowed zero, hold, or numbers"),
        ("1", REAL, "safe_action=1: 1 numbers, but an action has 2"),
        ("0,3", REAL, "safe_action=0,3: action 1 is outside 0.5 to 2"),
        ("nan,1", REAL, "safe_action=nan,1: action 0 is outside -1 to 1"),
        ("4", CHOICE, "safe_action=4: allowed one number from 0 to 3"),
        ("1.5", CHOICE, "allowed one number from 0 to 3"),
    ],
)
def test_what_the_environment_would_not_take_is_refused(text: str, kind: TanhAction, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        safe_action(text, kind)
