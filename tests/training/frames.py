"""What tests of frames share: steps as a replay buffer is told of them, and a zip of stable-baselines3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import DummyVecEnv

from tests.training.toy import FRAMES_ID


def played(n_steps: int, n_envs: int = 1) -> Iterator[tuple[Any, ...]]:
    """Return steps of the frames toy with random actions, as a replay buffer is told of them."""
    envs = DummyVecEnv([lambda: gym.make(FRAMES_ID)] * n_envs)
    envs.seed(3)
    observation, random = envs.reset(), np.random.default_rng(5)
    for _ in range(n_steps):
        action = random.integers(3, size=n_envs)
        following, reward, done, infos = envs.step(action)
        ahead = following.copy()
        for i in np.flatnonzero(done):
            ahead[i] = infos[i]["terminal_observation"]
        yield observation, ahead, action, reward, done, infos
        observation = following


def frames_zip(path: Path, **settings: Any) -> DQN:
    """Return stable-baselines3's DQN on the frames toy, learnt a little and saved as `path`."""
    model = DQN(
        "CnnPolicy",
        gym.make(FRAMES_ID),
        learning_starts=20,
        buffer_size=200,
        seed=1,
        policy_kwargs={"features_extractor_kwargs": {"features_dim": 24}},
        **settings,
    )
    model.learn(60)
    model.save(path)
    return model
