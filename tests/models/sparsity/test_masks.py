"""What masks promise: exact counts, the best scores, no way back, every output reached."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from ganglion.models.sparsity import (
    Distribution,
    live_weights,
    measured_sparsity,
    pools_of,
    prune,
    reaches,
    rewire,
)

WIDTHS = st.lists(st.integers(1, 12), min_size=2, max_size=5)
SEEDS = st.integers(0, 2**32 - 1)
SPARSITIES = st.one_of(st.floats(0, 0.999), st.sampled_from([0.0, 0.9, 0.95, 0.98, 0.99]))
DISTRIBUTIONS = st.sampled_from(Distribution)


def _weights(widths: list[int], seed: int) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    # Layers of different magnitude: a global budget would starve some of them.
    return [
        torch.from_numpy(rng.normal(scale=rng.choice([0.1, 1, 10]), size=(rows, columns)))
        for columns, rows in itertools.pairwise(widths)
    ]


def _scores(weights: list[Tensor]) -> list[Tensor]:
    return [weight.abs() for weight in weights]


def _pruned(
    weights: list[Tensor], sparsity: float, distribution: Distribution, allowed: list[Tensor] | None = None
) -> list[Tensor]:
    pools = pools_of([(w.shape[0], w.shape[1]) for w in weights], sparsity, distribution)
    return prune(_scores(weights), pools, allowed)


@settings(deadline=None)
@given(WIDTHS, SEEDS, SPARSITIES, DISTRIBUTIONS)
def test_counts_are_exact_and_every_output_is_reached(
    widths: list[int], seed: int, sparsity: float, distribution: Distribution
) -> None:
    weights = _weights(widths, seed)
    masks = _pruned(weights, sparsity, distribution)
    for pool in pools_of([(w.shape[0], w.shape[1]) for w in weights], sparsity, distribution):
        assert sum(int(masks[i].sum()) for i in pool.layers) == pool.count
    for weight, mask in zip(weights, masks, strict=True):
        assert mask.shape == weight.shape and set(mask.unique().tolist()) <= {0.0, 1.0}
    assert bool(reaches(masks).all())
    assert bool((masks[-1].sum(1) > 0).all())


@given(SEEDS, DISTRIBUTIONS)
def test_masks_keep_the_best_scores_where_these_cut_no_output_off(
    seed: int, distribution: Distribution
) -> None:
    weights = _weights([6, 12, 12, 2], seed)
    best = [torch.zeros(weight.shape) for weight in weights]
    for pool in pools_of([(w.shape[0], w.shape[1]) for w in weights], 0.5, distribution):
        threshold = torch.cat([weights[i].abs().flatten() for i in pool.layers]).topk(pool.count).values[-1]
        for i in pool.layers:
            best[i] = (weights[i].abs() >= threshold).float()
    assume(bool(reaches(best).all()))
    for mask, expected in zip(_pruned(weights, 0.5, distribution), best, strict=True):
        assert bool((mask == expected).all())


@settings(deadline=None)
@given(WIDTHS, SEEDS, st.lists(SPARSITIES, min_size=2, max_size=4), DISTRIBUTIONS)
def test_gradual_pruning_brings_no_weight_back_and_cuts_off_no_output(
    widths: list[int], seed: int, sparsities: list[float], distribution: Distribution
) -> None:
    masks = None
    for turn, sparsity in enumerate(sorted(sparsities)):
        weights = _weights(widths, seed + turn)
        before = masks
        masks = _pruned(weights, sparsity, distribution, before)
        assert before is None or all(bool((m <= b).all()) for m, b in zip(masks, before, strict=True))
        assert bool(reaches(masks).all())


@settings(deadline=None)
@given(WIDTHS, SEEDS, SPARSITIES, DISTRIBUTIONS, st.floats(0.01, 0.99))
def test_rewiring_keeps_every_count_and_every_output(
    widths: list[int], seed: int, sparsity: float, distribution: Distribution, fraction: float
) -> None:
    weights = _weights(widths, seed)
    before = _pruned(weights, sparsity, distribution)
    held = [weight * mask for weight, mask in zip(weights, before, strict=True)]
    after = rewire(before, held, _scores(_weights(widths, seed + 1)), fraction)
    assert [int(mask.sum()) for mask in after] == [int(mask.sum()) for mask in before]
    assert bool(reaches(after).all())
    again = rewire(before, held, _scores(_weights(widths, seed + 1)), fraction)
    assert all(bool((a == b).all()) for a, b in zip(after, again, strict=True))


def test_rewiring_drops_the_smallest_and_grows_where_the_score_is_highest() -> None:
    before = [torch.tensor([[1.0, 1, 1, 1, 0, 0, 0, 0]])]
    weights = [torch.tensor([[4.0, -1, 3, 0.5, 0, 0, 0, 0]])]
    growth = [torch.tensor([[9.0, 9, 9, 9, 1, 7, 2, 5]])]
    after = rewire(before, weights, growth, 0.5)
    assert after[0].tolist() == [[1, 0, 1, 0, 0, 1, 0, 1]]


def test_an_output_cut_off_gets_the_best_path_for_the_least_weights() -> None:
    # Output 1 has only small weights; 0.2 is the larger, and from its neuron on the path is kept anyway.
    weights = [torch.tensor([[5.0, 4.0], [3.0, 2.0]]), torch.tensor([[9.0, 8.0], [0.2, 0.1]])]
    pools = pools_of([(2, 2), (2, 2)], 0.5, Distribution.UNIFORM)
    masks = prune(weights, pools)
    assert [mask.tolist() for mask in masks] == [[[1, 1], [0, 0]], [[1, 0], [1, 0]]]


def test_a_path_starts_at_an_input_that_varies() -> None:
    weights = [torch.tensor([[5.0, 1.0, 0.5]]), torch.tensor([[1.0]])]
    pools = pools_of([(1, 3), (1, 1)], 0.67, Distribution.UNIFORM)
    live = torch.tensor([False, False, True])
    assert prune(weights, pools)[0].tolist() == [[1, 0, 0]]
    assert prune(weights, pools, live_inputs=live)[0].tolist() == [[0, 0, 1]]
    nothing_varies = torch.zeros(3, dtype=torch.bool)
    assert prune(weights, pools, live_inputs=nothing_varies)[0].tolist() == [[1, 0, 0]]


def test_live_weights_are_those_between_an_input_and_an_output() -> None:
    first = torch.tensor([[1.0, 0, 0], [0, 1, 1], [0, 0, 0]])  # neuron 2 reads nothing
    second = torch.tensor([[1.0, 0, 1], [1, 0, 0]])  # nobody reads neuron 1
    assert live_weights([first, second]) == 1 + 2
    assert live_weights([first, second], torch.tensor([False, True, True])) == 0


@pytest.mark.parametrize("distribution", Distribution)
def test_masks_reach_the_sparsity_asked_for(distribution: Distribution) -> None:
    torch.manual_seed(0)
    weights = [torch.randn(shape) for shape in ((256, 11), (256, 256), (3, 256))]
    masks = _pruned(weights, 0.95, distribution)
    pruned = [weight * mask for weight, mask in zip(weights, masks, strict=True)]
    assert measured_sparsity(pruned) == pytest.approx(0.95, abs=1e-4)


def test_a_convolution_reaches_through_any_weight_of_a_kernel_and_a_flattened_channel() -> None:
    conv, dense = torch.zeros(3, 2, 3, 3), torch.zeros(2, 3 * 4)
    conv[1, 0, 2, 1] = 1  # input channel 0 to channel 1
    dense[0, 5], dense[1, 9] = 1, 1  # output 0 reads channel 1, output 1 reads channel 2
    assert reaches([conv, dense]).tolist() == [True, False]
    assert reaches([conv, dense], torch.tensor([False, True])).tolist() == [False, False]
    assert live_weights([conv, dense]) == 2


def test_pruned_convolutions_keep_every_output_reachable() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = [torch.rand(shape, generator=generator) for shape in ((4, 2, 3, 3), (6, 4, 3, 3), (5, 6 * 4))]
    pools = pools_of([tuple(score.shape) for score in scores], 0.97, Distribution.ERK)
    masks = prune(scores, pools)
    assert reaches(masks).all()
    assert [int(mask.sum()) for mask in masks] == [pool.count for pool in pools]
    assert [mask.shape for mask in masks] == [score.shape for score in scores]
