"""Masks, layer distributions and the cubic schedule."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.artifacts import ConfigError
from models.sparsity import (
    Distribution,
    cubic_sparsity,
    layer_counts,
    magnitude_masks,
    measured_sparsity,
)

HOPPER = [(256, 11), (256, 256), (3, 256)]


def test_cubic_schedule_meets_its_ends_and_prunes_most_first() -> None:
    schedule = [cubic_sparsity(step, 200, 800, 0.98) for step in (0, 200, 500, 800, 1000)]
    assert schedule == [0, 0, pytest.approx(0.98 * (1 - 0.5**3)), 0.98, 0.98]


@given(st.floats(0, 0.999), st.integers(0, 1000), st.integers(0, 1000))
def test_cubic_schedule_never_falls(final: float, first: int, second: int) -> None:
    early, late = sorted((first, second))
    assert cubic_sparsity(early, 200, 800, final) <= cubic_sparsity(late, 200, 800, final)


@pytest.mark.parametrize("sparsity", [-0.1, 1.0, 1.5, float("nan")])
def test_sparsity_outside_its_range_is_refused(sparsity: float) -> None:
    with pytest.raises(ConfigError, match=r"outside \[0, 1\)"):
        cubic_sparsity(0, 0, 1, sparsity)


@pytest.mark.parametrize("sparsity", [0.5, 0.9, 0.95, 0.98, 0.99])
def test_erdos_renyi_keeps_the_budget_and_favours_thin_layers(sparsity: float) -> None:
    counts = layer_counts(HOPPER, sparsity, Distribution.ERK)
    assert sum(counts) == pytest.approx((1 - sparsity) * 69_120, abs=2)
    densities = [count / (rows * columns) for count, (rows, columns) in zip(counts, HOPPER, strict=True)]
    assert densities[1] < densities[0] <= densities[2] <= 1


@pytest.mark.parametrize("distribution", Distribution)
@given(seed=st.integers(0, 2**32 - 1), sparsity=st.floats(0, 0.99))
def test_masks_keep_the_largest_weights_of_their_layer(
    distribution: Distribution, seed: int, sparsity: float
) -> None:
    rng = np.random.default_rng(seed)
    weights = [torch.from_numpy(rng.normal(size=shape)) for shape in ((7, 5), (4, 7))]
    for weight, mask in zip(weights, magnitude_masks(weights, sparsity, distribution), strict=True):
        kept, pruned = weight[mask > 0].abs(), weight[mask == 0].abs()
        assert mask.shape == weight.shape and set(mask.unique().tolist()) <= {0.0, 1.0}
        assert not len(kept) or not len(pruned) or kept.min() >= pruned.max()


def test_masks_reach_the_sparsity_asked_for() -> None:
    torch.manual_seed(0)
    weights = [torch.randn(shape) for shape in HOPPER]
    for distribution in Distribution:
        masks = magnitude_masks(weights, 0.95, distribution)
        pruned = [weight * mask for weight, mask in zip(weights, masks, strict=True)]
        assert measured_sparsity(pruned) == pytest.approx(0.95, abs=1e-4)
