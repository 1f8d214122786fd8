"""What training does with any learner: take its state and put it back, count its weights, make it int8."""

import copy
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganglion.models.build.codec import decode
from ganglion.models.liveness import live_part
from ganglion.models.nets.architecture import skips
from ganglion.models.nets.float_network import float_network
from ganglion.models.nets.inference_network import InferenceNetwork
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.calibration import Quantization, calibrate
from ganglion.models.sparsity import live_weights
from ganglion.models.spec.policy import Pixels
from ganglion.models.spec.types import QuantConfig
from ganglion.training import checkpoint as ckpt
from ganglion.training.algorithms import new_learner
from ganglion.training.algorithms.port import Learner
from ganglion.training.checkpoint import Checkpoint
from ganglion.training.episodes import greedy, run_episodes, watched
from ganglion.training.run import Run
from ganglion.training.vecnormalize import Standardizer


def capture(model: Learner) -> dict[str, NDArray[Any]]:
    """Return copies of all that continues a run but the random states."""
    return model.arrays() | ckpt.named({"mask": ckpt.mask_arrays(model.masks())})


def capture_teacher(model: Learner) -> dict[str, NDArray[Any]]:
    """Return copies of the network that acts and of its masks: all that a teacher needs."""
    return model.network_arrays() | ckpt.named({"mask": ckpt.mask_arrays(model.masks())})


def restore(model: Learner, checkpoint: Checkpoint) -> None:
    """Put what `capture` took into `model`, quantization and masks included; of a teacher what it holds."""
    if checkpoint.is_teacher:
        model.load_network(checkpoint)
    else:
        model.load_arrays(checkpoint)
    quantization = checkpoint.meta.get("quantization")
    model.act_through(None if quantization is None else decode(Quantization, quantization, "quantization"))
    if masks := ckpt.masks_of(checkpoint):
        model.set_masks(masks)
    else:
        hold_zeros(model)


def load_learner(path: Path) -> tuple[Run, Learner]:
    """Return the run that a checkpoint is of, and its learner as it was; ConfigError when it is none."""
    checkpoint = Checkpoint.load(path)
    run = Run.from_json(checkpoint.meta["run"], str(path))
    model = new_learner(run.config, run.seed)
    restore(model, checkpoint)
    return run, model


def is_discrete(model: Learner) -> bool:
    """Return whether actions are numbers: the network gives a value for each."""
    return isinstance(model.action_space, gym.spaces.Discrete)


def weights_of(model: Learner) -> list[Tensor]:
    """Return the weights [out, in] that are pruned: those of the deployed network."""
    return [layer.weight for layer in model.layers()]


def hold_zeros(model: Learner) -> None:
    """Keep the weights that are zero now at zero from now on: for checkpoints that hold no masks."""
    weights = weights_of(model)
    if any(bool((weight == 0).any()) for weight in weights):
        model.set_masks([(weight != 0).float() for weight in weights])


def masks_or_ones(model: Learner) -> list[Tensor]:
    """Return the masks [out, in] of the deployed weights; ones while none is pruned."""
    masks = model.masks()
    return [torch.ones_like(weight) for weight in weights_of(model)] if masks is None else masks


def live_inputs(model: Learner, n_observations: int) -> Tensor | None:
    """Return which features, or channels, vary over the latest observations: bool; None without any."""
    observations = model.latest_observations(n_observations)
    if len(observations) < 2:
        return None
    varies = np.ptp(observations, axis=0) > 0
    return torch.from_numpy(varies.reshape(len(varies), -1).any(1))


def count_weights(model: Learner, n_observations: int) -> tuple[int, int]:
    """Return how many weights the deployed network keeps, and how many of them are live.

    Of integers by models.liveness; of a float network those on a path from a varying input to an action.
    """
    if model.quantization is not None:
        integers = quantized_network(model).to_integers()
        return integers.nnz, live_part(integers).network.nnz
    masks = masks_or_ones(model)
    kept = sum(int(mask.count_nonzero()) for mask in masks)
    wiring = None if model.architecture is None else skips(model.architecture)
    return kept, live_weights(masks, live_inputs(model, n_observations), wiring)


def quantize(model: Learner, n_observations: int, config: QuantConfig, first_seed: int = 0) -> None:
    """Choose scales by the latest observations in the replay buffer and make the actor use them.

    Where there are none, as of a game whose checkpoint holds no frames, by those of two episodes that the
    policy plays, reset with `first_seed` and the next.
    """
    masks, standardizer = model.masks(), model.standardizer
    observations = model.latest_observations(n_observations)
    if not len(observations):
        observations = _played(model, n_observations, first_seed)
    scales = calibrate(
        model.layers(),
        observations,
        config,
        squashed=not is_discrete(model),
        limit=None if standardizer is None else standardizer.limit,
        architecture=model.architecture,
    )
    model.act_through(scales)
    if masks is not None:
        model.set_masks(masks)


def _played(model: Learner, count: int, first_seed: int) -> NDArray[np.float32]:
    """Return up to `count` observations, evenly spread over two episodes of the policy."""
    env_id = model.get_env().get_attr("spec")[0].id
    policy, visited = watched(greedy(deterministic_policy(model), model.action_space))
    run_episodes(env_id, policy, 2, first_seed)
    steps = np.linspace(0, len(visited) - 1, min(len(visited), -(-count // 2))).astype(int)
    return np.concatenate([visited[step] for step in steps])[:count].astype(np.float32)


def quantized_network(model: Learner) -> QuantNetwork:
    """Return the Brevitas network, of raw observations, that the quantized actor of `model` stands for."""
    assert model.quantization is not None
    network = QuantNetwork.from_float(model.layers(), model.quantization)
    standardizer, entry = model.standardizer, network.normalizer
    if standardizer is None or isinstance(entry, Pixels):
        return network
    return network.behind(standardizer.folded(entry))


def deterministic_policy(model: Learner) -> nn.Module:
    """Return the network as it would be deployed: raw observations [n, observation] → [n, output].

    A float one is a copy, in float64 (see `ganglion.training.episodes.greedy`) unless it has convolutions,
    which take ten times as long in it. Of a quantized one it holds the integers.
    """
    if model.quantization is not None:
        quantized = quantized_network(model)
        return InferenceNetwork(quantized.normalizer, quantized.to_integers())
    network = copy.deepcopy(float_network(model.layers(), model.architecture))
    standardizer = model.standardizer
    network = network if isinstance(model.layers()[0], nn.Conv2d) else network.double()
    return network if standardizer is None else nn.Sequential(_Standardize(standardizer), network)


class _Standardize(nn.Module):
    """A standardizer as a module, in the type of what it reads."""

    def __init__(self, standardizer: Standardizer) -> None:
        super().__init__()
        self._standardizer = standardizer

    def forward(self, observation: Tensor) -> Tensor:
        return self._standardizer(observation).to(observation.dtype)
