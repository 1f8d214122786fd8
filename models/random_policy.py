"""Random policies of any sparsity, pruned without waste: every neuron that has a weight is also read."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from ganglion.models.formats.export import write_policy
from ganglion.models.layers import Layer
from ganglion.models.nets.architecture import INT8, dense_chain
from ganglion.models.nets.quant_network import QuantNetwork
from ganglion.models.quant.calibration import MAX_SKIP_SHIFT
from ganglion.models.reference import IntNetwork, Ints, requantize
from ganglion.models.sparsity import Distribution, pools_of
from ganglion.models.spec.heads import TanhHead
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import Normalizer
from ganglion.models.spec.types import IntType

WEIGHT_EXPONENT = -7
# What survives magnitude pruning, as shares of the largest weight: a threshold and an exponential tail.
THRESHOLD, TAIL = 0.25, 0.22
# Biases centre what random inputs give, within a share of its deviation; shifts let few of it saturate.
CALIBRATION_VECTORS, BIAS_SHARE, SATURATING_SHARE = 512, 0.3, 0.001
GOLDEN_VECTORS = 200


def random_sparse_network(rng: np.random.Generator, widths: Sequence[int], sparsity: float) -> IntNetwork:
    """Return an int8 network of these widths, a fraction `sparsity` of its weights zero.

    Layers share the nonzeros by the Erdős–Rényi law, as in training, and every hidden neuron reads and is
    read. Where they are too few for that, the neurons left over have no weight at all.
    """
    shapes = [(n_out, n_in) for n_in, n_out in pairwise(widths)]
    counts = [pool.count for pool in pools_of(shapes, sparsity, Distribution.ERK)]
    hidden = [min(width, *around) for width, around in zip(widths[1:-1], pairwise(counts), strict=True)]
    used = [widths[0], *hidden, widths[-1]]
    weights = []
    for index, (n_out, n_in) in enumerate(shapes):
        weight = np.zeros((n_out, n_in), dtype=np.int64)
        live = weight[: used[index + 1], : used[index]]
        live[:] = survivors(rng, live.shape) * covering_mask(rng, live.shape, counts[index])
        weights.append(weight)
    inputs = rng.integers(INT8.low, INT8.high + 1, (CALIBRATION_VECTORS, widths[0]))
    architecture = NetworkSpec(input_type=INT8, layers=tuple(dense_chain(widths[0], widths[1:])))
    return calibrated(rng, architecture, weights, inputs)


def calibrated(
    rng: np.random.Generator,
    architecture: NetworkSpec,
    weights: Sequence[Ints],
    inputs: Ints,
    exponent: int = 0,
) -> IntNetwork:
    """Return the network whose biases and shifts make every layer use its range on `inputs` [n, *in].

    exponent: log2 of the scale of these; the architecture has none of its own.
    """
    layers, biases, exponents, boundaries = list[Layer](), list[Ints](), [exponent], [inputs]
    for index, (layer, weight) in enumerate(zip(architecture.layers, weights, strict=True)):
        source, residual = architecture.source(index), architecture.residual(index)
        bias = np.zeros(layer.weight_shape[0] * layer.has_weights, np.int64)
        acc = layer.accumulate(layer.entering(boundaries[source]), weight, bias)
        weight_exponent = WEIGHT_EXPONENT if layer.has_weights else 0
        if residual is not None:
            added = boundaries[residual]
            bits = np.clip(np.rint(np.log2(acc.std() / added.std())), 0, MAX_SKIP_SHIFT).astype(int)
            weight_exponent = exponents[residual] - int(bits) - exponents[source]
            acc = acc + (added << bits)
        shift = 0
        if layer.has_weights:
            others = (0, *range(2, acc.ndim))
            centre = -acc.mean(axis=others)
            bias = np.rint(rng.normal(centre, BIAS_SHARE * acc.std(axis=others))).astype(np.int64)
            acc = acc + bias.reshape(-1, *[1] * (acc.ndim - 2))
            shift = _shift(acc, layer.output_type)
        exponents.append(exponents[source] + weight_exponent + shift)
        boundaries.append(requantize(acc, shift, layer.output_type))
        scales = {"input_exponent": exponents[source], "output_exponent": exponents[-1]}
        layers.append(replace(layer, weight_exponent=weight_exponent, **scales))
        biases.append(bias)
    spec = replace(architecture, layers=tuple(layers))
    return IntNetwork(spec=spec, weights=tuple(weights), biases=tuple(biases))


def survivors(rng: np.random.Generator, shape: tuple[int, ...]) -> Ints:
    """Return weights that magnitude pruning may leave, none of them zero."""
    share = np.minimum(1, THRESHOLD + rng.exponential(TAIL, shape))
    return np.rint(share * INT8.high).astype(np.int64) * rng.choice([-1, 1], shape)


def covering_mask(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> Ints:
    """Return a 0/1 mask [rows, columns] of `count` ones, a row at least, and no row or column empty.

    Where `count` is less than the columns, some of these are.
    """
    mask, needed = np.zeros(shape, dtype=np.int64), min(max(shape), max(shape[0], count))
    mask[tuple(np.resize(rng.permutation(size), needed) for size in shape)] = 1
    free = rng.permutation(np.flatnonzero(mask == 0))
    mask.flat[free[: max(0, count - needed)]] = 1
    return mask


def _shift(acc: Ints, kind: IntType) -> int:
    largest = np.quantile(np.abs(acc), 1 - SATURATING_SHARE)
    return max(0, int(np.ceil(np.log2(largest / kind.high))))


def write_random_policy(folder: Path, env: str, widths: Sequence[int], sparsity: float, seed: int) -> None:
    """Write a policy folder around a random network for the Gymnasium environment `env`."""
    rng = np.random.default_rng(seed)
    network = random_sparse_network(rng, widths, sparsity)
    n_obs, n_act = widths[0], widths[-1]
    normalizer = Normalizer(features=tuple(range(n_obs)), offset=(0.0,) * n_obs, gain=(32.0,) * n_obs)
    write_policy(
        QuantNetwork.from_integers(normalizer, network),
        folder,
        name=f"random-{round(100 * sparsity)}",
        env=env,
        algorithm="none",
        observations=rng.normal(0, 2, (GOLDEN_VECTORS, n_obs)).astype(np.float32),
        action=TanhHead(exponent=network.spec.output_exponent, low=(-1.0,) * n_act, high=(1.0,) * n_act),
        provenance={"seed": seed, "sparsity": sparsity},
    )
