"""How much is pruned, and how much is rewired, at a step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganglion.models.build.errors import ConfigError
from ganglion.models.sparsity import cosine_fraction, cubic_sparsity


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


def test_the_rewired_fraction_falls_along_half_a_cosine() -> None:
    fractions = [cosine_fraction(step, 100, 500, 0.3) for step in (0, 100, 300, 500, 900)]
    assert fractions == pytest.approx([0.3, 0.3, 0.15, 0.0, 0.0])
