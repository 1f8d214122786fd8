"""Signed digits are counted right, and a projection is the nearest value that has few enough."""

import numpy as np
import pytest

from ganglion.models.quant.csd import csd_digits, nearest_with_digits


def test_digits_are_the_fewest_signed_powers_of_two_that_sum_to_the_value() -> None:
    powers = [sign << k for k in range(8) for sign in (1, -1)]
    fewest, reached = {0: 0}, {0}
    for count in range(1, 5):
        reached = {value + power for value in reached for power in powers}
        fewest = {value: count for value in reached} | fewest
    values = np.arange(-128, 128)
    assert csd_digits(values).tolist() == [fewest[int(value)] for value in values]


@pytest.mark.parametrize("digits", [1, 2, 3, 4])
@pytest.mark.parametrize("high", [1, 7, 127])
def test_the_projection_is_the_nearest_value_with_few_enough_digits(high: int, digits: int) -> None:
    projected = nearest_with_digits(high, digits)
    few = [v for v in range(-high, high + 1) if csd_digits(np.array(v)) <= digits]
    for value, near in zip(range(-high, high + 1), projected.tolist(), strict=True):
        assert near in few
        assert abs(near - value) == min(abs(other - value) for other in few)
        assert abs(near) <= abs(value) or abs(near - value) < min(
            (abs(other - value) for other in few if abs(other) < abs(near)), default=high
        )
    np.testing.assert_array_equal(projected, -projected[::-1])


def test_four_digits_change_no_weight_of_eight_bits() -> None:
    np.testing.assert_array_equal(nearest_with_digits(127, 4), np.arange(-127, 128))
