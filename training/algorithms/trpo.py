"""TRPO behind the port: sb3-contrib's, update for update, with a deployable actor."""

from typing import ClassVar

from sb3_contrib import TRPO

from ganglion.training.algorithms.on_policy import OnPolicyLearner, on_policy_arguments
from ganglion.training.config import TrainConfig


class Trpo(OnPolicyLearner, TRPO):
    """TRPO as `ganglion.training.algorithms.port.Learner`."""

    algorithm: ClassVar[str] = "TRPO"


def new_trpo(config: TrainConfig, seed: int) -> Trpo:
    """Return a learner with random networks."""
    settings = config.trpo
    assert settings is not None
    return Trpo(
        **on_policy_arguments(config, seed),
        target_kl=settings.target_kl,
        cg_max_steps=settings.cg_max_steps,
        cg_damping=settings.cg_damping,
        n_critic_updates=settings.n_critic_updates,
    )
