"""Configurations are strict: what is unknown, missing, mistyped or impossible is one line."""

import re
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.training.config import CONFIGS, known_environments, load_config, read_config, read_settings
from ganglion.training.envs import make_env
from ganglion.training.options import TrainSettings
from tests.training.toy import Toy, toy_config

HOPPER = (CONFIGS / "Hopper.toml").read_text()


@pytest.mark.parametrize("environment", known_environments())
def test_every_shipped_configuration_is_valid(environment: str) -> None:
    assert load_config(environment).env_id.startswith(environment)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 3\n" + HOPPER, "unknown key colour"),
        (HOPPER.replace("tau = 0.005", ""), "missing key tau"),
        (HOPPER.replace("csd_digits = 4", ""), "missing key csd_digits"),
        (HOPPER.replace("tau = 0.005", 'tau = "small"'), "tau: expected number, got 'small'"),
        (HOPPER.replace("batch_size = 256", "batch_size = true"), "batch_size: expected integer, got True"),
        (HOPPER.replace("[256, 256]", '["wide"]'), r"hidden\[0\]: expected integer, got 'wide'"),
        (HOPPER.replace("tau = 0.005", "tau = "), "is not valid TOML"),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "Hopper.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"Hopper.toml.*{message}"):
        read_config(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gamma": 1.5}, r"gamma = 1.5, allowed: in \(0, 1\]"),
        ({"hidden": ()}, "hidden = .*positive widths"),
        ({"prune_begin": 0.9}, "prune_end = 0.6"),
        ({"finetune_prune_end": 1.5}, "finetune_prune_end = 1.5"),
        ({"eval_every": 1_001}, r"eval_every = 1001, allowed: a multiple of updates_per_rollout .* \(8\)"),
        ({"steps_per_update": 3}, r"prune_every = 8, allowed: a multiple of .* \(24\)"),
        ({"steps_per_update": 0}, "steps_per_update = 0, allowed: at least 1"),
        ({"distribution": "even"}, "distribution = 'even', allowed: global, uniform or erk"),
        ({"weight_bits": 9}, "weight_bits = 9, allowed: 2 to 8"),
        ({"output_bits": 17}, "output_bits = 17, allowed: 2 to 16"),
        ({"batch_size": 0}, "batch_size = 0, allowed: at least 1"),
        ({"activation_bits": 1}, "activation_bits = 1, allowed: 2 to 8"),
        ({"csd_digits": 5}, "csd_digits = 5, allowed: 1 to 4"),
        (
            {"pruning": "lottery"},
            "pruning = 'lottery', allowed: magnitude, scaled, .*, neurons_l1 or neurons_l2",
        ),
        ({"anneal_fraction": 1.1}, r"anneal_fraction = 1.1, allowed: in \[0, 1\]"),
        ({"rewire_fraction": 1.0}, r"rewire_fraction = 1.0, allowed: in \(0, 1\)"),
    ],
)
def test_an_impossible_value_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        toy_config(**changes)


def test_settings_are_read_as_their_types() -> None:
    assert read_settings("") == {}
    text = " batch_size=128 tau = 1e-2  gamma=1 hidden=[64, 64] distribution=uniform ppo.n_epochs=5 "
    assert read_settings(text) == {
        "batch_size": 128,
        "tau": 0.01,
        "gamma": 1,
        "hidden": [64, 64],
        "distribution": "uniform",
        "ppo.n_epochs": 5,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch=128", "set=batch=128: unknown key batch"),
        ("batch_size=many", "set=batch_size=many: batch_size: expected integer, got 'many'"),
        ("batch_size", "set=batch_size: batch_size: expected integer, got ''"),
        ("hidden=[1.5]", "hidden[0]: expected integer, got 1.5"),
        ("ppo.n_epochs=5", "set=ppo.n_epochs=5: ppo is no table of sac, which has none"),
        ("hidden.first=5", "set=hidden.first=5: hidden is no table of sac"),
        ("sac.tau=1", "set=sac.tau=1: sac is no table of sac"),
    ],
)
def test_a_wrong_setting_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        TrainSettings(environment="Hopper", set=text).plan()


def test_an_unknown_environment_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="unknown environment 'Hoper'; known: .*Hopper"):
        load_config("Hoper")


@pytest.mark.parametrize(
    ("env_id", "message"),
    [
        ("Nowhere-v0", "environment 'Nowhere-v0'"),
        ("Blackjack-v1", "its observations are Tuple"),
        ("Image-v0", r"its observations are Box\(8, 8, 3\)"),
        ("Goal-v0", "its observations are Dict"),
    ],
)
def test_an_environment_that_cannot_be_trained_is_refused(
    env_id: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, vector = gym.spaces.Box(0, 1, (8, 8, 3)), Toy.observation_space
    for name, space in (("Image-v0", image), ("Goal-v0", gym.spaces.Dict({"goal": vector}))):
        kind = type("Other", (Toy,), {"observation_space": space})
        monkeypatch.setitem(gym.registry, name, gym.envs.registration.EnvSpec(name, kind))
    with pytest.raises(ConfigError, match=message):
        make_env(env_id)
