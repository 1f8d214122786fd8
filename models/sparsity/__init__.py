"""Which weights and neurons live: schedules, layer distributions, masks, rewiring, as pure functions."""

from ganglion.models.sparsity.criteria import Pruning
from ganglion.models.sparsity.distributions import Distribution, Pool, pools_of
from ganglion.models.sparsity.masks import measured_sparsity, prune
from ganglion.models.sparsity.neurons import neuron_masks, neurons_left, strongest_neurons, without_neurons
from ganglion.models.sparsity.reachability import live_weights, reaches
from ganglion.models.sparsity.rewiring import rewire
from ganglion.models.sparsity.schedules import check_sparsity, cosine_fraction, cubic_sparsity

__all__ = [
    "Distribution",
    "Pool",
    "Pruning",
    "check_sparsity",
    "cosine_fraction",
    "cubic_sparsity",
    "live_weights",
    "measured_sparsity",
    "neuron_masks",
    "neurons_left",
    "pools_of",
    "prune",
    "reaches",
    "rewire",
    "strongest_neurons",
    "without_neurons",
]
