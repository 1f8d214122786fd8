"""Agent steps per CPU second on a game: ours against SB3's DQN as it is, alternately in one run."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack

from ganglion.training.algorithms.dqn import Dqn, new_dqn
from ganglion.training.config import load_config
from ganglion.training.threads import use_one_fast_thread

_GAME = "Pong"
_N_ROUNDS = 9
_N_STEPS, _N_WARM_UP = 160, 480
_BUFFER = 4_000


def measure_games() -> dict[str, Any]:
    """Return agent steps per CPU second on one thread, medians of alternating rounds: SB3's and ours.

    SB3 runs as its user would have it: its defaults, the published DQN, torch's default float32 product; ours
    as its configuration says. Both learn from 8 samples a step. The speedup is the median of the rounds'
    ratios, each of two measurements in which the machine was as busy.
    """
    config = load_config(_GAME)
    precision = torch.get_float32_matmul_precision()
    use_one_fast_thread()
    fast_precision = torch.get_float32_matmul_precision()
    ours = new_dqn(dataclasses.replace(config, buffer_size=_BUFFER, learning_starts=_N_WARM_UP // 2), seed=0)
    env = VecFrameStack(make_atari_env(config.env_id, seed=0), 4)
    plain = DQN("CnnPolicy", env, seed=0, learning_starts=_N_WARM_UP // 2, buffer_size=_BUFFER, device="cpu")
    contestants = {"stable_baselines3": (plain, precision), "ganglion": (ours, fast_precision)}
    for model, _ in contestants.values():
        model.learn(_N_WARM_UP)
        _act_greedily(model)
    seconds = alternate(contestants, _N_ROUNDS, _N_STEPS)
    ratios = np.divide(seconds["stable_baselines3"], seconds["ganglion"])
    return {
        "env_id": config.env_id,
        "samples_per_step": config.batch_size / config.steps_per_update,
        "bfloat16": config.dqn is not None and config.dqn.bfloat16,
        "steps_per_cpu_second": {
            name: round(float(_N_STEPS / np.median(s)), 1) for name, s in seconds.items()
        },
        "speedup": round(float(np.median(ratios)), 2),
        "speedups": [round(float(ratio), 2) for ratio in sorted(ratios)],
    }


def alternate(
    contestants: Mapping[str, tuple[BaseAlgorithm, str]], n_rounds: int, n_steps: int
) -> dict[str, list[float]]:
    """Return the CPU seconds in which each learnt so many steps at its precision of torch, round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(n_rounds):
        for name, (model, wanted) in contestants.items():
            torch.set_float32_matmul_precision(wanted)
            start = time.process_time()
            model.learn(n_steps, reset_num_timesteps=False)
            seconds[name].append(time.process_time() - start)
    return seconds


def _act_greedily(model: DQN) -> None:
    """End the exploration, as it is for most of a run: an action then costs a forward pass."""
    model.exploration_schedule = lambda _: model.exploration_final_eps
    if isinstance(model, Dqn):
        model.explored(model.settings.exploration_steps)
