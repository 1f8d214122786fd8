"""Canonical signed digits: what a constant multiplier costs, and integers of few digits."""

import functools

import numpy as np

from ganglion.models.reference import Ints

ANY_DIGITS = 4
"""As many digits as the costliest weight of up to 8 bits has."""


def csd_digits(values: Ints) -> Ints:
    """Return the nonzero digits of each value in canonical signed digit form, the fewest: [...] int64."""
    # A digit is nonzero where 3v and v differ (Reitwieser 1960); that form of -v has the same digits.
    magnitude = np.abs(np.asarray(values, dtype=np.int64))
    changes = (3 * magnitude) ^ magnitude
    return np.bitwise_count(changes).astype(np.int64)


@functools.cache
def nearest_with_digits(high: int, digits: int) -> Ints:
    """Return, for each integer from -high to high, the nearest in that range of at most `digits` digits.

    Of two that are as near the one of smaller magnitude: [2 * high + 1] int64, value v at index v + high.
    """
    values = np.arange(-high, high + 1)
    few = values[csd_digits(values) <= digits]
    few = few[np.argsort(np.abs(few), kind="stable")]  # argmin takes the first of equals
    return few[np.abs(values[:, None] - few).argmin(1)]
