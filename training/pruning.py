"""Which masks the actor gets at a step, by the run's way of pruning; nothing when none are due."""

import torch
from torch import Tensor

from ganglion.models.nets.architecture import boundaries, chain, parameters_of
from ganglion.models.sparsity import (
    Distribution,
    Pruning,
    cosine_fraction,
    cubic_sparsity,
    neuron_masks,
    pools_of,
    prune,
    rewire,
    strongest_neurons,
)
from ganglion.models.spec.policy import PIXEL_EXPONENT
from ganglion.training.algorithms.port import Learner
from ganglion.training.learner import live_inputs, masks_or_ones, weights_of
from ganglion.training.run import Run

# A gradient of SAC is noisy: SNIP and RigL judge by the mean over some batches.
_N_GRADIENT_BATCHES = 16


def due_masks(model: Learner, run: Run) -> list[Tensor] | None:
    """Return the masks [out, in] that are due at the model's step, or None.

    The actor's present masks, a parent's included, bound those of every pruning: only rewiring brings back
    weights. Random choices depend on the run's seed and the step alone.
    """
    step, first = model.num_timesteps, run.first_masks
    begin, end = run.prune_window
    rollout = run.config.rollout_steps
    is_turn = step < end and step % run.config.prune_every == 0
    if run.pruning.is_gradual:
        # The first rollout at or after `end` reaches the final sparsity, whatever `prune_every` is.
        if (is_turn and step > begin) or end <= step < end + rollout:
            return _pruned(model, run, cubic_sparsity(step, begin, end, run.sparsity))
        return None
    if first <= step < first + rollout:
        return _pruned(model, run, run.sparsity)
    return _rewired(model, run) if run.pruning.rewires and is_turn and step > first else None


def _pruned(model: Learner, run: Run, sparsity: float) -> list[Tensor]:
    weights = weights_of(model)
    if run.pruning.norm is not None:
        found = neuron_masks(weights, strongest_neurons(weights, sparsity, run.pruning.norm))
        return [mask * allowed for mask, allowed in zip(found, masks_or_ones(model), strict=True)]
    pools = pools_of(
        [tuple(weight.shape) for weight in weights], sparsity, Distribution(run.config.distribution)
    )
    return prune(_scores(model, run), pools, masks_or_ones(model), _live(model, run))


def _rewired(model: Learner, run: Run) -> list[Tensor]:
    fraction, masks = run.config.rewire_fraction, masks_or_ones(model)
    if run.pruning is Pruning.RIGL:
        fraction = cosine_fraction(model.num_timesteps, run.first_masks, run.prune_window[1], fraction)
        growth = [gradient.abs() for gradient in _gradients(model)]
    else:
        growth = _random(model, run)
    return rewire(masks, weights_of(model), growth, fraction, _live(model, run))


def _scores(model: Learner, run: Run) -> list[Tensor]:
    """Return how much each weight matters [out, in], at least 0."""
    weights = [weight.detach().abs() for weight in weights_of(model)]
    # SET and RigL start from a random topology, or from the large weights of a trained policy.
    if run.pruning is Pruning.RANDOM or (run.pruning.rewires and run.parent is None):
        return _random(model, run)
    if run.pruning is Pruning.SNIP:
        return [w * g.abs() for w, g in zip(weights, _gradients(model), strict=True)]
    if run.pruning is Pruning.SCALED:
        return [w * spread for w, spread in zip(weights, _input_spreads(model, run), strict=True)]
    return weights


@torch.no_grad()
def _input_spreads(model: Learner, run: Run) -> list[Tensor]:
    """Return the standard deviation of each layer's inputs over the latest observations.

    That is [in] of a dense layer, [in, 1, 1] by channels of a convolution, as weights read them. The mean
    of an input is a bias, so what never varies matters to no action.
    """
    inputs = torch.from_numpy(model.latest_observations(run.config.calibration_observations))
    architecture = model.architecture or chain(model.layers(), tuple(inputs.shape[1:]))
    parameters = parameters_of(architecture, model.layers())
    inputs = inputs * 2.0**PIXEL_EXPONENT if inputs.ndim == 4 else inputs
    found, spreads = boundaries(architecture, parameters, inputs), []
    for index, layer in enumerate(architecture.layers):
        if layer.has_weights:
            entering = layer.entering(found[architecture.source(index)])
            spreads.append(_spread(entering))
    return spreads


def _spread(entering: Tensor) -> Tensor:
    if len(entering) < 2:
        return torch.ones(1)
    if entering.ndim == 4:
        return entering.transpose(0, 1).flatten(1).std(1)[:, None, None]
    return entering.std(0)


def _random(model: Learner, run: Run) -> list[Tensor]:
    generator = torch.Generator().manual_seed(run.seed_at(model.num_timesteps))
    return [torch.rand(weight.shape, generator=generator) for weight in weights_of(model)]


def _gradients(model: Learner) -> list[Tensor]:
    return model.gradients(_N_GRADIENT_BATCHES)


def _live(model: Learner, run: Run) -> Tensor | None:
    return live_inputs(model, run.config.calibration_observations)
