"""Stable-baselines3 zips of policies that solve the toy, their weights set by hand."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import DDPG, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from ganglion.training.sb3_zip import ZipPolicy
from tests.training.toy import ENV_ID

ALGORITHMS: dict[str, type[BaseAlgorithm]] = {"SAC": SAC, "TD3": TD3, "DDPG": DDPG, "PPO": PPO}
MEAN, STD = np.array([0.3, -0.2]), np.array([0.5, 2.0])


def toy_zip(
    name: str,
    path: Path,
    *,
    normalized: bool = False,
    hidden: tuple[int, ...] = (32, 32),
    statistics: str = "vecnormalize.pkl",
) -> Path:
    """Write a zip whose policy pushes towards the target, `statistics` beside it when `normalized`."""
    arch: Any = list(hidden) if name != "PPO" else {"pi": list(hidden), "vf": [8]}
    model = ALGORITHMS[name](
        "MlpPolicy", gym.make(ENV_ID), policy_kwargs={"net_arch": arch}, device="cpu", seed=0
    )
    mean, std = (MEAN, STD) if normalized else (np.zeros(2), np.ones(2))
    _solve_toy(model, name, mean, std)
    _pretend_to_have_learnt(model, name, normalized)
    model.save(path)
    if normalized:
        write_statistics(path.parent / statistics, mean, std)
    return path


def write_statistics(path: Path, mean: np.ndarray, std: np.ndarray) -> Path:
    """Write VecNormalize's file with this mean and deviation [2]."""
    saved = VecNormalize(DummyVecEnv([lambda: gym.make(ENV_ID)]))
    saved.obs_rms.mean, saved.obs_rms.var = mean, std**2 - saved.epsilon
    saved.save(str(path))
    return path


def _pretend_to_have_learnt(model: Any, name: str, normalized: bool) -> None:
    """Leave the two last observations as stable-baselines3 does (see `trained_normalized`)."""
    original, before = np.array([[0.4, 0.1]]), np.array([[0.5, 0.1]])
    model._last_obs = ((original - MEAN) / STD).astype(np.float32) if normalized else original
    if name != "PPO":
        model._last_original_obs = original if normalized else before
    elif normalized:
        model._last_original_obs = before  # of the last reset


@torch.no_grad()
def _solve_toy(model: BaseAlgorithm, name: str, mean: np.ndarray, std: np.ndarray) -> None:
    """Make the actions 2 tanh or clip of 4 (target - position), through two neurons a layer."""
    *hidden, last = ZipPolicy(algorithm=name, model=model, standardizer=None).layers
    for layer in (*hidden, last):
        layer.weight.mul_(0.01)
        layer.bias.zero_()
    slope = 0.4  # small: tanh is straight there
    to_target = torch.tensor([-std[0], std[1]]) * slope
    for sign, row in ((1, 0), (-1, 1)):
        hidden[0].weight[row] = sign * to_target
        hidden[0].bias[row] = sign * slope * float(mean[1] - mean[0])
        for layer in hidden[1:]:
            layer.weight[row] = 0
            layer.weight[row, row] = 1
        last.weight[0, row] = sign * 4.0
