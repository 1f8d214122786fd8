"""PPO behind the port: stable-baselines3's, update for update, with a deployable actor."""

from typing import ClassVar

from stable_baselines3 import PPO

from ganglion.training.algorithms.on_policy import OnPolicyLearner, on_policy_arguments
from ganglion.training.config import TrainConfig


class Ppo(OnPolicyLearner, PPO):
    """PPO as `ganglion.training.algorithms.port.Learner`."""

    algorithm: ClassVar[str] = "PPO"


def new_ppo(config: TrainConfig, seed: int) -> Ppo:
    """Return a learner with random networks."""
    settings = config.ppo
    assert settings is not None
    return Ppo(
        **on_policy_arguments(config, seed),
        n_epochs=settings.n_epochs,
        clip_range=settings.clip_range,
        ent_coef=settings.entropy_coefficient,
        vf_coef=settings.value_coefficient,
        max_grad_norm=settings.max_grad_norm,
    )
