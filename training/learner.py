"""The learner of a run: made anew, from a trained policy, or where a killed run stopped; and made int8."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv
from torch import Tensor, nn

from models.networks import QuantMlp, calibrate_normalizer
from models.policy_spec import Normalizer
from models.spec import NetworkSpec, QuantConfig
from training import checkpoint as ckpt
from training.checkpoint import Checkpoint
from training.config import TrainConfig
from training.envs import make_env
from training.fast_sac import FastSac
from training.flat_mlp import linears_of


def new_learner(config: TrainConfig, seed: int, kind: type[FastSac] = FastSac) -> FastSac:
    """Return a learner with random networks and an empty replay buffer."""
    return kind(
        "MlpPolicy",
        DummyVecEnv([lambda: Monitor(make_env(config.env_id))]),
        learning_rate=config.learning_rate,
        buffer_size=config.buffer_size,
        learning_starts=config.learning_starts,
        batch_size=config.batch_size,
        tau=config.tau,
        gamma=config.gamma,
        train_freq=config.updates_per_rollout,
        gradient_steps=config.updates_per_rollout,
        policy_kwargs={"net_arch": list(config.hidden)},
        seed=seed,
        device="cpu",
    )


def restore(model: FastSac, checkpoint: Checkpoint) -> None:
    """Put the checkpoint's networks, optimizers, replay buffer and quantization into `model`."""
    ckpt.restore_learner(model, checkpoint)
    quantization = checkpoint.meta.get("quantization")
    if quantization is None:
        model.bind()
    else:
        normalizer = Normalizer.from_json(quantization["normalizer"])
        model.quantize(normalizer, NetworkSpec.from_json(quantization["network"]))
    hold_zeros(model)


def actor_layers(model: FastSac) -> list[nn.Linear]:
    """Return the layers of the deployed network, hidden ones and mean: log_std serves training only."""
    return [*linears_of(model.actor.latent_pi), *linears_of(model.actor.mu)]


def actor_weights(model: FastSac) -> list[Tensor]:
    """Return the weights [out, in] that are pruned: those of the deployed network."""
    return [layer.weight for layer in actor_layers(model)]


def hold_zeros(model: FastSac) -> None:
    """Keep the weights that are zero now at zero from now on."""
    weights = actor_weights(model)
    if any(bool((weight == 0).any()) for weight in weights):
        set_masks(model, [(weight != 0).float() for weight in weights])


def set_masks(model: FastSac, masks: list[Tensor]) -> None:
    """Hold the actor's weights where a mask [out, in] is 0 at zero from now on."""
    assert model.flat_actor is not None
    model.flat_actor.set_masks(masks)


def quantize(model: FastSac, n_observations: int, config: QuantConfig) -> None:
    """Choose scales by the latest observations in the replay buffer and make the actor use them."""
    buffer = model.replay_buffer
    assert buffer is not None
    order = np.arange(buffer.pos - min(buffer.size(), n_observations), buffer.pos)
    observations = buffer.observations[order, 0].astype(np.float32)
    normalizer = calibrate_normalizer(observations, config.input_bits)
    actor = QuantMlp.from_dense(actor_layers(model), normalizer, config, torch.from_numpy(observations))
    model.quantize(normalizer, actor.spec)
    hold_zeros(model)


def quantization_json(model: FastSac) -> dict[str, Any] | None:
    """Return the scales through which the actor acts, JSON-able, or None for a float actor."""
    if model.quantization is None:
        return None
    normalizer, spec = model.quantization
    return {"normalizer": asdict(normalizer), "network": spec.to_json()}


def quantized_actor(model: FastSac) -> QuantMlp:
    """Return the Brevitas network that the quantized actor of `model` stands for."""
    assert model.quantization is not None
    return QuantMlp.from_float(actor_layers(model), *model.quantization)


def deterministic_policy(model: FastSac) -> nn.Module:
    """Return the network as it would be deployed: [n, observation] → mean before tanh [n, action]."""
    if model.quantization is not None:
        return quantized_actor(model)
    return nn.Sequential(model.actor.latent_pi, model.actor.mu)


@torch.no_grad()
def mean_actions(policy: nn.Module, observations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the deterministic actions tanh(mean) in [-1, 1]: [n, observation] → [n, action]."""
    return torch.tanh(policy(torch.from_numpy(observations))).numpy()
