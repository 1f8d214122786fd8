"""Where the layers from observation to action lie in stable-baselines3's policies."""

from typing import Any

from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.sac.policies import SACPolicy
from torch import nn

from ganglion.training.algorithms.flat_mlp import linears_of


def actor_layers(policy: Any) -> list[nn.Linear]:
    """Return those layers, first to last; the one of SAC's log_std serves training only."""
    if isinstance(policy, ActorCriticPolicy):  # PPO, TRPO
        parts = [policy.mlp_extractor.policy_net, policy.action_net]
    elif isinstance(policy, SACPolicy):
        parts = [policy.actor.latent_pi, policy.actor.mu]  # type: ignore[list-item]
    else:  # TD3, DDPG
        parts = [policy.actor.mu]
    return [layer for part in parts for layer in linears_of(part)]
