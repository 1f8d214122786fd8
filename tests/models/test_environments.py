"""Environments that Gymnasium does not make, and policies that do not fit theirs, are one line."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.models.environments import is_known, make, make_shown, require_fits
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.select_policy import shipped_policy
from ganglion.models.spec.policy import PolicySpec
from tests.hw.toy import write_toy_cnn


@pytest.mark.parametrize(
    "env_id", ["HalfCheetah-v3", "Nope-v1", "HalfCheetah-v99", "nowhere:Hopper-v4", "", "a b"]
)
def test_an_unknown_environment_is_one_line(env_id: str) -> None:
    with pytest.raises(ConfigError, match=f"^environment '{env_id}': ") as caught:
        make(env_id)
    assert "\n" not in str(caught.value)


class Spaces(gymnasium.Env):
    """An environment of these spaces and nothing else."""

    def __init__(self, observations: gymnasium.Space, actions: gymnasium.Space) -> None:
        self.observation_space, self.action_space = observations, actions


def box(size: int, low: float = -1.0, high: float = 1.0) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(low, high, (size,), dtype=np.float32)


@pytest.fixture(scope="module")
def hopper() -> PolicySpec:
    return load_policy(shipped_policy("Hopper")).spec


def test_a_shipped_policy_fits_its_environment(hopper: PolicySpec) -> None:
    require_fits(hopper, make(hopper.env))


@pytest.mark.parametrize(
    ("observations", "actions", "message"),
    [
        (box(12), box(3), r"reads 11 real numbers, the environment gives Box"),
        (
            gymnasium.spaces.Discrete(11),
            box(3),
            r"reads 11 real numbers, the environment gives Discrete\(11\)",
        ),
        (box(11), box(2), r"head is tanh over 3 values, the environment takes Box"),
        (
            box(11),
            gymnasium.spaces.Discrete(3),
            r"head is tanh over 3 values, the environment takes Discrete\(3\)",
        ),
        (box(11), box(3, high=2.0), r"high of action 0: the policy's is 1, the environment's 2"),
        (box(11), box(3, low=-0.4), r"low of action 0: the policy's is -1, the environment's -0.4"),
    ],
)
def test_a_policy_that_does_not_fit_is_one_line(
    hopper: PolicySpec, observations: gymnasium.Space, actions: gymnasium.Space, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"^Hopper-v4: .*{message}"):
        require_fits(hopper, Spaces(observations, actions))


def test_bounds_are_compared_as_the_environment_holds_them(hopper: PolicySpec) -> None:
    third = replace(hopper.action, low=(-1 / 3,) * 3, high=(1 / 3,) * 3)
    require_fits(replace(hopper, action=third), Spaces(box(11), box(3, -1 / 3, 1 / 3)))


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> PolicySpec:
    return write_toy_cnn(tmp_path_factory.mktemp("cnn") / "policy").spec


@pytest.mark.parametrize(
    ("frames", "n_actions", "message"),
    [
        ((2, 12, 14), 3, r"reads pixels 2 x 12 x 12, the environment gives Box\(0, 255, \(2, 12, 14\)"),
        ((2, 12, 12), 4, r"head is argmax over 3 values, the environment takes Discrete\(4\)"),
    ],
)
def test_frames_and_actions_of_another_game_are_one_line(
    player: PolicySpec, frames: tuple[int, ...], n_actions: int, message: str
) -> None:
    space = gymnasium.spaces.Box(0, 255, frames, np.uint8)
    with pytest.raises(ConfigError, match=f"^Random-v0: the policy.*{message}"):
        require_fits(player, Spaces(space, gymnasium.spaces.Discrete(n_actions)))


def test_a_game_is_shown_whole_in_stacks_and_one_that_is_not_here_is_named() -> None:
    assert is_known("PongNoFrameskip-v4") and not is_known("TennisElbowNoFrameskip-v4")
    assert is_known("tests.training.toy:GanglionToy-v0") and not is_known("tests.training.toy:Other-v0")
    assert not is_known("no_such_module:GanglionToy-v0")
    env = make_shown("PongNoFrameskip-v4")
    assert env.observation_space.shape == (4, 84, 84) and env.reset(seed=0)[0].dtype == np.uint8
    with pytest.raises(ConfigError, match="no such game among the ROMs that ale-py ships; known, .*Pong"):
        make_shown("TennisElbowNoFrameskip-v4")
