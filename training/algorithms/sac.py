"""SAC behind the port: what training asks of any algorithm, answered by the fast one."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from gymnasium import spaces
from torch import Tensor

from ganglion.models.quant.calibration import Quantization
from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms.distill import DistilledSac, actor_teacher
from ganglion.training.algorithms.fast_sac import entropy_parts
from ganglion.training.algorithms.port import Arrays, Teacher
from ganglion.training.algorithms.replay import ReplayLearner, off_policy_arguments
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import TrainConfig
from ganglion.training.envs import training_envs


class Sac(ReplayLearner, DistilledSac):
    """SAC, or while it has a teacher its imitation, as `ganglion.training.algorithms.port.Learner`."""

    algorithm: ClassVar[str] = "SAC"

    def masks(self) -> list[Tensor] | None:
        """Return the masks [out, in] of those layers, or None while every weight is free."""
        return None if self.flat_actor is None else self.flat_actor.masks

    def set_masks(self, masks: Sequence[Tensor]) -> None:
        """Hold weights where their mask [out, in] is 0 at zero from now on."""
        assert self.flat_actor is not None
        self.flat_actor.set_masks(masks)

    def act_through(self, quantization: Quantization | None) -> None:
        """Act and learn through these scales from now on; the float parameters stay."""
        self.quantization = quantization
        self.bind()

    def arrays(self) -> Arrays:
        """Return copies of the networks, optimizers, entropy coefficient and replay buffer."""
        log_ent_coef, entropy_optimizer = entropy_parts(self)
        groups = {
            "critic": ckpt.module_arrays(self.critic),
            "target": ckpt.module_arrays(self.critic_target),
            "adam_actor": ckpt.adam_arrays(self.actor.optimizer),
            "adam_critic": ckpt.adam_arrays(self.critic.optimizer),
            "adam_entropy": ckpt.adam_arrays(entropy_optimizer),
            "entropy": {"log_ent_coef": log_ent_coef.detach().numpy().copy()},
            "replay": ckpt.buffer_arrays(self.replay_buffer),
        }
        return self.network_arrays() | ckpt.named(groups)

    def load_arrays(self, checkpoint: Checkpoint) -> None:
        """Put what `arrays` returned back; `act_through` must follow."""
        log_ent_coef, entropy_optimizer = entropy_parts(self)
        self.load_network(checkpoint)
        ckpt.load_module(self.critic, checkpoint.group("critic"))
        ckpt.load_module(self.critic_target, checkpoint.group("target"))
        log_ent_coef.data.copy_(torch.from_numpy(checkpoint.group("entropy")["log_ent_coef"]))
        ckpt.load_adam(self.actor.optimizer, checkpoint.group("adam_actor"))
        ckpt.load_adam(self.critic.optimizer, checkpoint.group("adam_critic"))
        ckpt.load_adam(entropy_optimizer, checkpoint.group("adam_entropy"))
        ckpt.load_buffer(self.replay_buffer, checkpoint.group("replay"))

    def as_teacher(self) -> Teacher:
        """Return the policy that the actor is now."""
        return actor_teacher(self.actor)

    def status(self) -> dict[str, float]:
        """Return the entropy coefficient."""
        return {"entropy_coefficient": float(entropy_parts(self)[0].detach().exp())}


def new_sac(config: TrainConfig, seed: int) -> Sac:
    """Return a learner with random networks and an empty replay buffer."""
    return Sac(
        "MlpPolicy",
        training_envs(config, 1, spaces.Box),
        policy_kwargs={"net_arch": list(config.hidden)},
        **off_policy_arguments(config, seed),
    )
