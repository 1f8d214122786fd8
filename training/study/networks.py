"""A cell's network: its teacher's layers, pruned, then rounded by its scheme."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from numpy.typing import NDArray
from torch import nn

from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.nets.float_network import float_network
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.calibration import calibrate
from ganglion.models.quant.dynamic import DynamicNetwork
from ganglion.models.quant.schemes import Scheme
from ganglion.models.sparsity import (
    Distribution,
    Pruning,
    pools_of,
    prune,
    strongest_neurons,
    without_neurons,
)
from ganglion.training.config import TrainConfig
from ganglion.training.learner import is_discrete, load_learner, quantized_network
from ganglion.training.run import Phase, Run
from ganglion.training.student import fold_standardizer
from ganglion.training.study.cells import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatPolicy:
    """A cell's float layers, pruned, which read raw observations."""

    config: TrainConfig
    layers: list[nn.Linear]
    squashed: bool
    """Whether actions are the tanh of what the last layer gives; discrete ones are not."""


def float_policy(cell: Cell) -> FloatPolicy:
    """Return the float layers of a cell; of a teacher's VecNormalize all but the clip is in the first one."""
    run, model = load_learner(cell.teacher.checkpoint)
    # The study's tasks have no planes: all layers of their actors are dense.
    dense = [layer for layer in copy.deepcopy(model.layers()) if isinstance(layer, nn.Linear)]
    layers = pruned(dense, cell, Distribution(run.config.distribution))
    if model.standardizer is not None:
        fold_standardizer(model.standardizer, layers[0])
    return FloatPolicy(config=run.config, layers=layers, squashed=not is_discrete(model))


def pruned(layers: Sequence[nn.Linear], cell: Cell, distribution: Distribution) -> list[nn.Linear]:
    """Return the layers with the cell's fraction pruned: neurons are gone, single weights are zero."""
    if cell.pruning is None:
        return list(layers)
    weights = [layer.weight.detach() for layer in layers]
    if cell.pruning.norm is not None:
        return without_neurons(layers, strongest_neurons(weights, cell.fraction, cell.pruning.norm))
    assert cell.pruning is Pruning.MAGNITUDE
    pools = pools_of([tuple(weight.shape) for weight in weights], cell.fraction, distribution)
    smaller = copy.deepcopy(list(layers))
    with torch.no_grad():
        for layer, mask in zip(smaller, prune([w.abs() for w in weights], pools), strict=True):
            layer.weight.mul_(mask)
    return smaller


def static_network(cell: Cell, observations: NDArray, trained: Run | None) -> QuantNetwork:
    """Return the int8 policy of a static scheme.

    observations: [n, obs] float32, visited states, by which PTSQ is calibrated; trained: the run of QAT.
    """
    if cell.shipped is not None:
        policy = load_policy(cell.shipped)
        return QuantNetwork.from_integers(policy.spec.normalizer, policy.network)
    if trained is not None:
        return quantized_network(load_learner(trained.best(Phase.QAT))[1])
    found = float_policy(cell)
    scales = calibrate(found.layers, observations, found.config.quant, squashed=found.squashed)
    return QuantNetwork.from_float(found.layers, scales)


def acting_network(cell: Cell, layers: Sequence[nn.Linear]) -> nn.Module:
    """Return what acts in the episodes of a float or dynamic cell; float64 as all float policies here."""
    if cell.scheme is Scheme.PTDQ:
        return DynamicNetwork(layers)
    return copy.deepcopy(float_network(layers)).double()
