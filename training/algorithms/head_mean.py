"""An on-policy actor with the deployed head: the mean of a real action is tanh between its bounds."""

from typing import Any, cast

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn

from ganglion.training.algorithms.actor_layers import actor_layers
from ganglion.training.algorithms.deployed import DeployedMlp


class HeadMean(nn.Module):
    """tanh between an action space's bounds: [n, action] → [n, action]."""

    low: Tensor
    reach: Tensor

    def __init__(self, space: spaces.Box) -> None:
        super().__init__()
        self.register_buffer("low", torch.from_numpy(space.low), persistent=False)
        self.register_buffer("reach", half_range(space), persistent=False)

    def forward(self, output: Tensor) -> Tensor:
        """Return the mean action."""
        return self.low + (torch.tanh(output) + 1) * self.reach


def half_range(space: spaces.Space[Any]) -> Tensor:
    """Return half of each action's range [action]."""
    assert isinstance(space, spaces.Box)
    return torch.from_numpy((space.high - space.low) / 2).float()


def log_std(policy: ActorCriticPolicy) -> Tensor:
    """Return the log of the exploration's deviation [action], in actions' units."""
    return cast(Tensor, policy.log_std)


@torch.no_grad()
def deploy(policy: Any) -> DeployedMlp:
    """Put a deployable network into stable-baselines3's policy as its `action_net`; return it."""
    network = DeployedMlp(actor_layers(policy))
    policy.mlp_extractor.policy_net = nn.Sequential()  # its layers are the network's
    if isinstance(policy.action_space, spaces.Box):
        policy.action_net = nn.Sequential(network, HeadMean(policy.action_space))
        log_std(policy).add_(half_range(policy.action_space).log())
    else:
        policy.action_net = network
    return network
