"""Action heads: real actions between the bounds, and the first of the best discrete ones."""

import gymnasium
import numpy as np
import pytest

from ganglion.models.build.codec import decode, encode
from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.environments import head_for
from ganglion.models.spec.heads import ActionHead, ArgmaxHead, TanhHead
from tests.models.test_environments import Spaces, box

TANH = TanhHead(exponent=0, low=(-2.0,), high=(4.0,))
ARGMAX = ArgmaxHead(exponent=-3, n_actions=3)


def test_tanh_reaches_the_bounds_of_the_action_space() -> None:
    assert TANH.act(np.array([[-127], [0], [127]])).ravel().tolist() == [-2.0, 1.0, 4.0]


def test_of_equal_values_the_first_wins() -> None:
    assert ARGMAX.act(np.array([[1, 5, 5], [-7, -9, -7], [0, 0, 1]])).tolist() == [1, 0, 2]


@pytest.mark.parametrize("head", [TANH, ARGMAX])
def test_a_head_reads_back(head: ActionHead) -> None:
    assert decode(ActionHead, encode(head), "action") == head


def test_a_head_without_a_kind_is_tanh() -> None:
    assert decode(ActionHead, {"exponent": 0, "low": [-2.0], "high": [4.0]}, "action") == TANH
    with pytest.raises(ExportError, match="^action: unknown kind 'softmax'; known: tanh, argmax"):
        decode(ActionHead, {"kind": "softmax"}, "action")


def test_an_environment_has_the_head_of_its_actions() -> None:
    discrete = gymnasium.spaces.Discrete(3)
    assert head_for(Spaces(box(2), discrete), -3) == ARGMAX
    assert head_for(Spaces(box(2), box(1, -2.0, 4.0)), 0) == TANH
    with pytest.raises(
        ConfigError, match=r"actions MultiDiscrete.*: supported are real vectors, and numbers"
    ):
        head_for(Spaces(box(2), gymnasium.spaces.MultiDiscrete([2, 2])), 0)
