"""Returns in numbers: against values worked out by hand, and intervals that cover what they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganglion.models.build.errors import ConfigError
from ganglion.training.statistics import Statistics

RETURNS = st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=30)


def test_the_interquartile_mean_leaves_out_a_quarter_at_each_end() -> None:
    found = Statistics.of([-1_000, 1, 2, 3, 4, 5, 6, 1_000])
    assert found.iqm == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert found.mean == pytest.approx(21 / 8)
    assert found.std == pytest.approx(np.std([-1_000, 1, 2, 3, 4, 5, 6, 1_000]))


@given(RETURNS)
@settings(max_examples=20, deadline=None)
def test_intervals_lie_within_the_values_and_repeat(values: list[int]) -> None:
    first, second = Statistics.of(values), Statistics.of(values)
    assert first == second
    for interval in (first.mean_ci95, first.iqm_ci95):
        assert interval is not None
        assert min(values) - 1e-6 <= interval[0] <= interval[1] <= max(values) + 1e-6


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    samples = np.random.default_rng(3).normal(10.0, 2.0, (100, 30))
    found = [Statistics.of(sample).mean_ci95 for sample in samples]
    covered = sum(low <= 10.0 <= high for low, high in found)
    assert 85 <= covered <= 100


def test_strata_are_resampled_apart() -> None:
    """Two environments of different level: mixing them would make the interval as wide as their distance."""
    low, high = [0.0, 0.1, 0.2], [100.0, 100.1, 100.2]
    apart = Statistics.stratified([low, high])
    mixed = Statistics.of(low + high)
    assert apart.mean == mixed.mean == pytest.approx(50.1)
    assert apart.mean_ci95[1] - apart.mean_ci95[0] < 0.3
    assert mixed.mean_ci95[1] - mixed.mean_ci95[0] > 30


def test_one_value_has_no_interval() -> None:
    found = Statistics.of([3.0])
    assert (found.mean, found.std, found.iqm) == (3.0, 0.0, 3.0)
    assert found.to_json()["return_mean_ci95"] is None


@pytest.mark.parametrize("strata", [[], [[]], [[1.0, float("nan")]]])
def test_nothing_and_nan_are_refused(strata: list[list[float]]) -> None:
    with pytest.raises(ConfigError, match="at least one return in every stratum, all of them finite"):
        Statistics.stratified(strata)
