"""Equality: the first difference is named, whatever the number of dimensions."""

import numpy as np
import pytest

from ganglion.models.build.errors import MismatchError
from ganglion.models.equality import require_equal

WHOLE = np.arange(24).reshape(2, 3, 4)


def test_equal_arrays_pass() -> None:
    require_equal("x", WHOLE, WHOLE.astype(np.float32))


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (np.where(WHOLE == 18, -5, WHOLE), r"vector 1, neuron 1, 2: expected 18, got -5 \(1 of 24 differ\)"),
        (WHOLE[:1], "expected 2 vectors, got 1"),
        (WHOLE[:1] + 1, r"vector 0, neuron 0, 0: expected 0, got 1 \(12 of 12 differ\)"),
        (WHOLE[:, :2], r"expected shape \(2, 3, 4\), got \(2, 2, 4\)"),
    ],
)
def test_a_difference_is_named(got: np.ndarray, message: str) -> None:
    with pytest.raises(MismatchError, match=f"^fc1: {message}; look there$"):
        require_equal("fc1", WHOLE, got, "; look there")
