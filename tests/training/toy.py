"""A tiny environment that is learnt in seconds, and the configuration of a run on it."""

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from ganglion.training.actor_critic_config import OnPolicyConfig, PpoConfig, Td3Config, TrpoConfig
from ganglion.training.config import TrainConfig
from ganglion.training.dqn_config import DqnConfig
from ganglion.training.run import Run

ENV_ID, STEPS_ID, FRAMES_ID = "GanglionToy-v0", "GanglionSteps-v0", "GanglionFrames-v0"
N_STEPS = 25


class Toy(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """A point on a line, moved by pushes in [-2, 2]; the reward is minus its distance from a target."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = gym.spaces.Box(-2.0, 2.0, (1,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._position, self._target = self.np_random.uniform(-1, 1, 2)
        return self._observation(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._position += 0.3 * float(action[0])
        reward = -abs(self._position - self._target)
        return self._observation(), reward, abs(self._position) > 5, False, {}

    def _observation(self) -> NDArray[np.float64]:
        return np.array([self._position, self._target])


class Steps(Toy):
    """The same point, moved left, not at all or right."""

    action_space = gym.spaces.Discrete(3)  # type: ignore[assignment]

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return super().step(np.array([int(action) - 1.0], np.float32))


class Frames(Steps):
    """The same point and target as bright columns in the upper and lower half of a stack of two frames."""

    observation_space = gym.spaces.Box(0, 255, (2, 36, 36), np.uint8)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        self._stack = np.zeros((2, 36, 36), np.uint8)
        return super().reset(**kwargs)

    def _observation(self) -> NDArray[np.uint8]:  # type: ignore[override]
        self._stack = np.stack([self._stack[1], np.zeros((36, 36), np.uint8)])
        for half, x in ((0, self._position), (18, self._target)):
            column = int(np.clip(16 + 12 * x, 0, 32))
            self._stack[1, half : half + 18, column : column + 4] = 250
        return self._stack


def register() -> None:
    """Make the toys known to gymnasium."""
    for env_id, kind in ((ENV_ID, Toy), (STEPS_ID, Steps), (FRAMES_ID, Frames)):
        if env_id not in gym.registry:
            gym.register(env_id, kind, max_episode_steps=N_STEPS)


register()


_ON_POLICY = {
    "on_policy": OnPolicyConfig(n_envs=2, normalize=True, gae_lambda=0.95, log_std_init=0.0),
    "learning_starts": 0,
    "updates_per_rollout": 1,
    "steps_per_update": 200,
    "prune_every": 200,
    "batch_size": 50,
}
_PPO = PpoConfig(
    n_epochs=10, clip_range=0.2, entropy_coefficient=0.0, value_coefficient=0.5, max_grad_norm=0.5
)
_TD3 = Td3Config(n_critics=2, policy_delay=2, target_noise=0.2, target_noise_clip=0.5, exploration_noise=0.1)
OF_ALGORITHM: dict[str, dict[str, Any]] = {
    "td3": {"td3": _TD3},
    "ddpg": {"td3": replace(_TD3, n_critics=1, policy_delay=1, target_noise=0.0, target_noise_clip=0.0)},
    "ppo": {"ppo": _PPO, **_ON_POLICY},
    "trpo": {
        "trpo": TrpoConfig(target_kl=0.05, cg_max_steps=10, cg_damping=0.1, n_critic_updates=10),
        **_ON_POLICY,
    },
}
"""What an algorithm's configuration has in place of SAC's."""


def toy_config(**changes: Any) -> TrainConfig:
    """Return a configuration under which the toy is learnt in some 2,000 steps, 8,000 of PPO or TRPO."""
    values = {
        "env_id": ENV_ID,
        "algorithm": "sac",
        "hidden": (32, 32),
        "learning_rate": 3e-3,
        "anneal_fraction": 0.0,
        "qat_learning_rate": 1e-3,
        "distill_learning_rate": 1e-2,
        "buffer_size": 10_000,
        "learning_starts": 200,
        "batch_size": 64,
        "tau": 0.01,
        "gamma": 0.9,
        "updates_per_rollout": 8,
        "steps": 1_600,
        "qat_fraction": 0.25,
        "prune_begin": 0.2,
        "prune_end": 0.6,
        "finetune_prune_begin": 0.0,
        "finetune_prune_end": 0.5,
        "prune_every": 8,
        "distribution": "erk",
        "pruning": "magnitude",
        "rewire_fraction": 0.3,
        "weight_bits": 8,
        "activation_bits": 8,
        "input_bits": 8,
        "output_bits": 8,
        "csd_digits": 4,
        "calibration_observations": 500,
        "eval_every": 400,
        "eval_episodes": 5,
        "final_episodes": 8,
    }
    of_algorithm = OF_ALGORITHM.get(changes.get("algorithm", ""), {})
    return TrainConfig(**{**values, **of_algorithm, **changes})


def toy_run(**changes: Any) -> Run:
    """Return a run on the toy."""
    values = {
        "environment": "Toy",
        "config": toy_config(),
        "name": "toy",
        "seed": 0,
        "sparsity": 0.0,
        "steps": 1_600,
        "qat_steps": 0,
        "parent": None,
        "distill": False,
    }
    return Run(**{**values, **changes})


def steps_config(**changes: Any) -> TrainConfig:
    """Return a configuration under which DQN learns `Steps` in some 1,600 steps."""
    settings = {
        "n_envs": 2,
        "exploration_steps": 800,
        "exploration_final": 0.05,
        "target_update_steps": 32,
        "max_grad_norm": 10.0,
        "double": True,
        "dueling": True,
        "n_steps": 3,
        "bfloat16": False,
        "distill_temperature": 0.1,
    }
    dqn = DqnConfig(**{**settings, **changes.pop("dqn", {})})
    return toy_config(**{"env_id": STEPS_ID, "algorithm": "dqn", "tau": 1.0, "dqn": dqn, **changes})


def frames_config(**changes: Any) -> TrainConfig:
    """Return a configuration of DQN with a small network on `Frames`."""
    values = {"env_id": FRAMES_ID, "hidden": (24,), "learning_rate": 1e-3, "steps_per_update": 2}
    values |= {"batch_size": 16, "buffer_size": 2_000, "prune_every": 16, "calibration_observations": 100}
    return steps_config(**{**values, **changes})
