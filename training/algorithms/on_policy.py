"""What PPO and TRPO share behind the port: a deployable actor, VecNormalize, and what they have seen."""

import copy
from collections.abc import Sequence
from typing import Any, ClassVar, cast

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecNormalize
from torch import Tensor, nn

from ganglion.models.quant.calibration import Quantization
from ganglion.training import checkpoint as ckpt
from ganglion.training.actor_critic_config import no_rollout_yet
from ganglion.training.algorithms.actor_layers import actor_layers
from ganglion.training.algorithms.deployed import DeployedMlp
from ganglion.training.algorithms.experience import Experience
from ganglion.training.algorithms.finite import is_finite, stop
from ganglion.training.algorithms.head_mean import deploy, half_range, log_std
from ganglion.training.algorithms.port import Arrays, Teacher
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import TrainConfig
from ganglion.training.envs import training_envs
from ganglion.training.vecnormalize import Standardizer, load_statistics, statistics_arrays


class OnPolicyLearner(OnPolicyAlgorithm):
    """An on-policy algorithm of stable-baselines3, or its imitation, as `port.Learner`.

    The mean of a real action is the deployed head's: tanh of the network, between the space's bounds. Noise
    is added to that and the sum clipped, as stable-baselines3 does.
    """

    algorithm: ClassVar[str]
    learning_starts: int = 0
    quantization: Quantization | None = None
    teacher: Teacher | None = None
    architecture: None = None
    experience: Experience
    _actor: DeployedMlp

    def _setup_model(self) -> None:
        super()._setup_model()
        self._actor = deploy(self.policy)
        self.experience = Experience.none(self.observation_space, self.action_space)

    @property
    def standardizer(self) -> Standardizer | None:
        """What VecNormalize makes of observations by now."""
        return None if self._vec_normalize_env is None else Standardizer.of(self._vec_normalize_env)

    def layers(self) -> list[nn.Linear]:
        """Return the actor's layers."""
        return actor_layers(self.policy)

    def masks(self) -> list[Tensor] | None:
        """Return the masks [out, in] of those layers, or None while every weight is free."""
        return self._actor.masks

    def set_masks(self, masks: Sequence[Tensor]) -> None:
        """Hold weights where their mask [out, in] is 0 at zero from now on."""
        self._actor.set_masks(masks, self.policy.optimizer)

    def act_through(self, quantization: Quantization | None) -> None:
        """Act and learn through these scales from now on; the float parameters stay."""
        self.quantization = quantization
        self._actor.act_through(quantization)

    def train(self) -> None:
        """Update by the rollout, or by the teacher; TrainingError if a parameter is not finite afterwards."""
        self.experience = self.experience.followed_by(self.rollout_buffer)
        try:
            if self.teacher is None:
                super().train()
            else:
                self._imitate()
        except ValueError:  # torch's distributions refuse what is not finite
            if is_finite(self.policy):
                raise
        self._actor.constrain()
        if not is_finite(self.policy):
            stop(self.num_timesteps, "a parameter is not finite; a lower learning_rate may help")

    def collect_rollouts(self, *args: Any, **kwargs: Any) -> bool:
        """Fill the rollout buffer as stable-baselines3 does; TrainingError for what is not finite."""
        try:
            going_on = super().collect_rollouts(*args, **kwargs)
        except ValueError:
            if np.isfinite(cast(Any, self._last_obs)).all():
                raise
            stop(self.num_timesteps, "the environment's observation is not finite")
        if not np.isfinite(self.rollout_buffer.rewards).all():
            stop(self.num_timesteps, "the environment's reward is not finite")
        return going_on

    def _imitate(self) -> None:
        """Bring the actor's actions to the teacher's on the states that it visited lately (DAgger)."""
        optimizer = self.policy.optimizer
        self._update_learning_rate(optimizer)
        for seen in self.experience.batches(cast(Any, self).batch_size):
            optimizer.zero_grad()
            self._distance(seen).backward()
            optimizer.step()

    def _distance(self, seen: Tensor) -> Tensor:
        """Return how far from the teacher's the actions are at some observations [n, observation].

        The mean squared difference in [-1, 1] of real ones, the cross-entropy of discrete ones.
        """
        assert self.teacher is not None
        output, wanted = self._actor(seen), self.teacher(seen, torch.zeros(()))
        if isinstance(self.action_space, spaces.Box):
            return nn.functional.mse_loss(torch.tanh(output), wanted)
        return nn.functional.cross_entropy(output, wanted.softmax(1))

    def gradients(self, n_batches: int) -> list[Tensor]:
        """Return the gradient of the policy's loss over the whole latest rollout, however many batches."""
        del n_batches
        if not len(self.experience.rollout):
            raise no_rollout_yet(self.algorithm)
        seen = torch.from_numpy(self.experience.rollout)
        if self.teacher is not None:
            return self._actor.weight_gradients(self._distance(seen))
        actions = torch.from_numpy(self.experience.actions)
        if isinstance(self.action_space, spaces.Discrete):
            actions = actions.long().flatten()
        log_prob = self.policy.get_distribution(seen).log_prob(actions)
        advantages = torch.from_numpy(self.experience.advantages)
        return self._actor.weight_gradients(-(advantages * log_prob).mean())

    def latest_observations(self, count: int) -> NDArray[np.float32]:
        """Return up to `count` observations [n, observation], as VecNormalize gave them, the latest."""
        return self.experience.seen[-count:]

    def arrays(self) -> Arrays:
        """Return copies of the networks, the optimizer, and what was seen lately."""
        groups = {"adam": ckpt.adam_arrays(self.policy.optimizer), "experience": self.experience.to_arrays()}
        return self.network_arrays() | ckpt.named(groups)

    def load_arrays(self, checkpoint: Checkpoint) -> None:
        """Put what `arrays` returned back; `act_through` must follow."""
        self.load_network(checkpoint)
        ckpt.load_adam(self.policy.optimizer, checkpoint.adam("adam"))
        self.experience = Experience(**checkpoint.group("experience"))

    def network_arrays(self) -> Arrays:
        """Return copies of actor, value network and VecNormalize's statistics."""
        groups = {"policy": ckpt.module_arrays(self.policy)}
        if self._vec_normalize_env is not None:
            groups["normalize"] = statistics_arrays(self._vec_normalize_env)
        return ckpt.named(groups)

    def load_network(self, checkpoint: Checkpoint) -> None:
        """Put what `network_arrays` returned back."""
        ckpt.load_module(self.policy, checkpoint.group("policy"))
        self.load_normalization(checkpoint)

    def load_normalization(self, checkpoint: Checkpoint) -> None:
        """Put VecNormalize's statistics of what `network_arrays` returned back."""
        if self._vec_normalize_env is not None:
            load_statistics(self._vec_normalize_env, checkpoint.group("normalize"))

    def as_teacher(self) -> Teacher:
        """Return the policy that the actor is now, whose noise is that of its exploration."""
        if isinstance(self.action_space, spaces.Discrete):
            network = copy.deepcopy(self._actor).requires_grad_(False)
            return lambda observation, _noise: network(observation)
        return self._actor.as_teacher(log_std(self.policy).detach().exp() / half_range(self.action_space))

    def status(self) -> dict[str, float]:
        """Return the mean deviation of exploration, in actions' units; nothing of discrete ones."""
        if isinstance(self.action_space, spaces.Discrete):
            return {}
        return {"exploration_std": float(log_std(self.policy).detach().exp().mean())}


def on_policy_arguments(config: TrainConfig, seed: int) -> dict[str, Any]:
    """Return what every on-policy algorithm's constructor takes."""
    shared = config.on_policy
    assert shared is not None
    env = training_envs(config, shared.n_envs, spaces.Box, spaces.Discrete)
    return {
        "policy": "MlpPolicy",
        "env": VecNormalize(env, gamma=config.gamma) if shared.normalize else env,
        "learning_rate": config.learning_rate,
        "n_steps": config.rollout_steps // shared.n_envs,
        "batch_size": config.batch_size,
        "gamma": config.gamma,
        "gae_lambda": shared.gae_lambda,
        "policy_kwargs": {
            "net_arch": {"pi": list(config.hidden), "vf": list(config.hidden)},
            "activation_fn": nn.ReLU,
            "log_std_init": shared.log_std_init,
        },
        "seed": seed,
        "device": "cpu",
    }
