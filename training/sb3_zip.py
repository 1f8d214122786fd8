"""Trained policies in stable-baselines3's zips: SAC, TD3, DDPG and PPO.

A zip holds pickled Python objects: loading one runs what its author put there. What it says in JSON is
checked before anything is unpickled.
"""

import json
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import gymnasium as gym
import torch
from stable_baselines3 import DDPG, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.torch_layers import FlattenExtractor
from torch import Tensor, nn

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.training.algorithms.actor_layers import actor_layers
from ganglion.training.algorithms.distill import gaussian_actions
from ganglion.training.vecnormalize import Standardizer, read_vecnormalize

SUPPORTED = "supported: SAC, TD3, DDPG and PPO with MlpPolicy"
_EXPLORATION_STD = 0.1
"""In [-1, 1], for teachers that keep their exploration outside the actor: the noise of TD3's authors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipPolicy:
    """A loaded zip."""

    algorithm: str
    model: BaseAlgorithm
    standardizer: Standardizer | None

    @property
    def layers(self) -> list[nn.Linear]:
        """The layers from observation to action."""
        return actor_layers(self.model.policy)

    @torch.no_grad()
    def act(self, observation: Tensor, noise: Tensor) -> Tensor:
        """Return actions as a `port.Teacher` does; SAC explores by its own deviation."""
        if self.standardizer is not None:
            observation = self.standardizer(observation)
        if isinstance(self.model, SAC) and not self.model.use_sde:
            return gaussian_actions(self.model.actor, observation, noise)
        return (self._deterministic(observation) + _EXPLORATION_STD * noise).clamp(-1, 1)

    def _deterministic(self, observation: Tensor) -> Tensor:
        policy = cast(Any, self.model.policy)
        action = policy._predict(observation, deterministic=True)
        if policy.squash_output:
            return action
        space = cast(gym.spaces.Box, self.model.action_space)
        low, high = torch.from_numpy(space.low), torch.from_numpy(space.high)
        return (action - low) / (high - low) * 2 - 1


def read_zip(path: Path, vecnormalize: Path | None, env: gym.Env[Any, Any]) -> ZipPolicy:
    """Return the policy in `path`, trained for the spaces of `env`.

    Raises ConfigError for a missing or damaged file, another algorithm, images, and other spaces.
    """
    data = read_json_of(path)
    algorithm = _algorithm(path, data)
    of = "the environment" if env.spec is None else env.spec.id
    _check_space(path, "observation_space", data, env.observation_space, of)
    _check_space(path, "action_space", data, env.action_space, of)
    model = _load(path, algorithm, env)
    if model.policy.features_extractor_class is not FlattenExtractor:
        extractor = model.policy.features_extractor_class.__name__
        raise ConfigError(f"{path}: reads observations through {extractor}; {SUPPORTED}")
    standardizer = None if vecnormalize is None else read_vecnormalize(vecnormalize, env)
    return ZipPolicy(algorithm=algorithm.__name__, model=model, standardizer=standardizer)


def read_json_of(path: Path) -> dict[str, Any]:
    """Return what the zip says of itself without pickle; ConfigError when it is missing or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            data = json.loads(archive.read("data"))
        data["policy_class"]["__module__"]
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; give the zip that stable-baselines3's save() wrote") from None
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError) as error:
        raise ConfigError(f"{path} is truncated or no zip of stable-baselines3 ({error})") from None
    return data


def _algorithm(path: Path, data: dict[str, Any]) -> type[BaseAlgorithm]:
    """Return the class that wrote the zip, by the module of its policy and its own settings."""
    module = data["policy_class"]["__module__"]
    if module == "stable_baselines3.sac.policies":
        return SAC
    if module == "stable_baselines3.td3.policies":
        # DDPG is TD3 without delay, smoothing and second critic.
        return DDPG if data["policy_delay"] == 1 and data["target_noise_clip"] == 0 else TD3
    if module == "stable_baselines3.common.policies" and "clip_range" in data:
        return PPO
    if module == "stable_baselines3.dqn.policies":
        base = spelled("base", "CartPole")
        raise ConfigError(f"{path} is of DQN; name settings that are DQN's, such as {base}")
    raise ConfigError(f"{path}: unknown algorithm, its policy is of {module}; {SUPPORTED}")


def _check_space(path: Path, name: str, data: dict[str, Any], wanted: gym.Space[Any], of: str) -> None:
    """Raise ConfigError unless the zip's space is a box of the shape that the environment `of` has."""
    described = data.get(name, {})
    kind = str(described.get(":type:", "")).rstrip("'>").rsplit(".", 1)[-1]
    if kind != "Box":
        raise ConfigError(f"{path}: {name} is {kind or 'unknown'}, allowed: Box (continuous); {SUPPORTED}")
    shape = tuple(described.get("_shape") or described.get("shape") or ())
    if len(shape) > 1:
        raise ConfigError(f"{path}: {name} has shape {shape}, images or stacks (CnnPolicy); {SUPPORTED}")
    if shape != wanted.shape:
        is_one_more = wanted.shape is not None and shape == (*wanted.shape[:-1], wanted.shape[-1] + 1)
        timed = " (rl-zoo's TimeFeatureWrapper adds one, the time left: such agents are not read)"
        raise ConfigError(
            f"{path}: {name} has shape {shape}, that of {of} is {wanted.shape}{timed * is_one_more}; "
            "give the environment and the version that it was trained in"
        )


def _load(path: Path, algorithm: type[BaseAlgorithm], env: gym.Env[Any, Any]) -> BaseAlgorithm:
    """Return the zip as stable-baselines3 loads it; what only training needs is left out."""
    instead = {
        "observation_space": env.observation_space,
        "action_space": env.action_space,
        "learning_rate": 0.0,
        "lr_schedule": lambda _: 0.0,
        "clip_range": lambda _: 0.2,
        "action_noise": None,
        "buffer_size": 1,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = algorithm.load(path, device="cpu", custom_objects=instead)
    except Exception as error:  # unpickling runs the zip's own code: anything may come out of it
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ConfigError(f"{path}: stable-baselines3 cannot load it: {reason[-1].strip()}") from None
    model.policy.set_training_mode(False)
    return model
