"""How a student starts: as its teacher's copy where the networks are alike, else at random."""

from typing import Any, cast

import torch
from stable_baselines3 import PPO, SAC
from torch import Tensor, nn

from ganglion.training.algorithms.sac import Sac
from ganglion.training.sb3_zip import Standardizer, ZipPolicy


def start_student(model: Sac, policy: ZipPolicy) -> None:
    """Put what fits of `policy` into `model`: its actor, and a SAC's critics and entropy coefficient.

    Of VecNormalize a student that reads raw observations takes the scale, even at random.
    """
    if is_alike(model, policy):
        _copy_actor(model, policy)
    if has_critics_for(model, policy):
        _copy_critics(model, cast(SAC, policy.model))
    if policy.standardizer is not None:
        fold_standardizer(policy.standardizer, model.layers()[0])
    model.bind()


def is_alike(model: Sac, policy: ZipPolicy) -> bool:
    """Return whether the policy is a squashed ReLU network of the student's widths."""
    other, shapes = policy.model, [layer.weight.shape for layer in model.layers()]
    return (
        not isinstance(other, PPO)
        and cast(Any, other.policy).activation_fn is nn.ReLU
        and not getattr(other, "use_sde", False)
        and [layer.weight.shape for layer in policy.layers] == shapes
    )


def has_critics_for(model: Sac, policy: ZipPolicy) -> bool:
    """Return whether reinforcement learning can go on from the policy's critics, which saw what ours see."""
    other = policy.model
    return (
        isinstance(other, SAC)
        and is_alike(model, policy)
        and policy.standardizer is None
        and other.log_ent_coef is not None
        and _shapes(other.critic) == _shapes(model.critic)
    )


@torch.no_grad()
def fold_standardizer(standardizer: Standardizer, layer: nn.Linear) -> None:
    """Make `layer`, which reads standardized observations, read raw ones; the limit is not folded."""
    layer.weight.div_(standardizer.std)
    layer.bias.sub_(layer.weight @ standardizer.mean.float())


def _shapes(module: nn.Module) -> list[torch.Size]:
    return [parameter.shape for parameter in module.parameters()]


@torch.no_grad()
def _copy_actor(model: Sac, policy: ZipPolicy) -> None:
    for mine, theirs in zip(model.layers(), policy.layers, strict=True):
        mine.weight.copy_(theirs.weight)
        mine.bias.copy_(theirs.bias)
    if isinstance(policy.model, SAC):
        cast(nn.Linear, model.actor.log_std).load_state_dict(policy.model.actor.log_std.state_dict())  # type: ignore[union-attr]


@torch.no_grad()
def _copy_critics(model: Sac, other: SAC) -> None:
    model.critic.load_state_dict(other.critic.state_dict())
    model.critic_target.load_state_dict(other.critic_target.state_dict())
    cast(Tensor, model.log_ent_coef).copy_(cast(Tensor, other.log_ent_coef))
