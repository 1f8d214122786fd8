"""The learner of a run: made anew, from a trained policy, or where a killed run stopped; and made int8."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv
from torch import Tensor, nn

from ganglion.models.build.codec import decode, encode
from ganglion.models.liveness import live_part
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.calibration import Quantization, calibrate
from ganglion.models.sparsity import live_weights
from ganglion.models.spec.types import QuantConfig
from ganglion.training import checkpoint as ckpt
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.config import TrainConfig
from ganglion.training.envs import make_env
from ganglion.training.fast_sac import FastSac
from ganglion.training.flat_mlp import linears_of


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
        train_freq=config.rollout_steps,
        gradient_steps=config.updates_per_rollout,
        policy_kwargs={"net_arch": list(config.hidden)},
        seed=seed,
        device="cpu",
    )


def restore(model: FastSac, checkpoint: Checkpoint) -> None:
    """Put the checkpoint's networks, optimizers, replay buffer, quantization and masks into `model`.

    Of a teacher, which holds no more, the actor's.
    """
    if checkpoint.is_teacher:
        ckpt.restore_actor(model, checkpoint)
    else:
        ckpt.restore_learner(model, checkpoint)
    quantization = checkpoint.meta.get("quantization")
    if quantization is None:
        model.bind()
    else:
        model.quantize(decode(Quantization, quantization, "quantization"))
    if masks := ckpt.masks_of(checkpoint):
        set_masks(model, masks)
    else:
        hold_zeros(model)


def actor_layers(model: FastSac) -> list[nn.Linear]:
    """Return the layers of the deployed network, hidden ones and mean: log_std serves training only."""
    return [*linears_of(model.actor.latent_pi), *linears_of(model.actor.mu)]


def actor_weights(model: FastSac) -> list[Tensor]:
    """Return the weights [out, in] that are pruned: those of the deployed network."""
    return [layer.weight for layer in actor_layers(model)]


def hold_zeros(model: FastSac) -> None:
    """Keep the weights that are zero now at zero from now on: for checkpoints that hold no masks."""
    weights = actor_weights(model)
    if any(bool((weight == 0).any()) for weight in weights):
        set_masks(model, [(weight != 0).float() for weight in weights])


def set_masks(model: FastSac, masks: list[Tensor]) -> None:
    """Hold the actor's weights where a mask [out, in] is 0 at zero from now on."""
    assert model.flat_actor is not None
    model.flat_actor.set_masks(masks)


def actor_masks(model: FastSac) -> list[Tensor]:
    """Return the masks [out, in] of the actor's weights; ones while none is pruned."""
    masks = None if model.flat_actor is None else model.flat_actor.masks
    return [torch.ones_like(weight) for weight in actor_weights(model)] if masks is None else masks


def latest_observations(model: FastSac, count: int) -> NDArray[np.float32]:
    """Return up to `count` observations [n, observation], the latest in the replay buffer."""
    buffer = model.replay_buffer
    assert buffer is not None
    order = np.arange(buffer.pos - min(buffer.size(), count), buffer.pos)
    return buffer.observations[order, 0].astype(np.float32)


def live_inputs(model: FastSac, n_observations: int) -> Tensor | None:
    """Return which features vary over the latest observations: [observation] bool; None without any."""
    observations = latest_observations(model, n_observations)
    return torch.from_numpy(np.ptp(observations, axis=0) > 0) if len(observations) > 1 else None


def count_weights(model: FastSac, n_observations: int) -> tuple[int, int]:
    """Return how many weights the deployed network keeps, and how many of them are live.

    Of integers by models.liveness; of a float network those on a path from a varying input to an action.
    """
    if model.quantization is not None:
        integers = quantized_actor(model).to_integers()
        return integers.nnz, live_part(integers).network.nnz
    masks = actor_masks(model)
    kept = sum(int(mask.count_nonzero()) for mask in masks)
    return kept, live_weights(masks, live_inputs(model, n_observations))


def quantize(model: FastSac, n_observations: int, config: QuantConfig) -> None:
    """Choose scales by the latest observations in the replay buffer and make the actor use them."""
    masks = None if model.flat_actor is None else model.flat_actor.masks
    model.quantize(calibrate(actor_layers(model), latest_observations(model, n_observations), config))
    if masks is not None:
        set_masks(model, masks)


def quantization_json(model: FastSac) -> dict[str, Any] | None:
    """Return the scales through which the actor acts, JSON-able, or None for a float actor."""
    return None if model.quantization is None else encode(model.quantization)


def quantized_actor(model: FastSac) -> QuantNetwork:
    """Return the Brevitas network that the quantized actor of `model` stands for."""
    assert model.quantization is not None
    return QuantNetwork.from_float(actor_layers(model), model.quantization)


def deterministic_policy(model: FastSac) -> nn.Module:
    """Return the network as it would be deployed: [n, observation] → mean before tanh [n, action].

    A float one is a copy in float64 (see `ganglion.training.episodes.greedy`).
    """
    if model.quantization is not None:
        return quantized_actor(model)
    return copy.deepcopy(nn.Sequential(model.actor.latent_pi, model.actor.mu)).double()
