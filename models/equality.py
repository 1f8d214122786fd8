"""When two links of the equality chain are equal, and how it is said where they are not."""

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import MismatchError


def require_equal(
    where: str, expected: npt.NDArray[np.generic], got: npt.NDArray[np.generic], remedy: str = ""
) -> None:
    """Raise MismatchError, naming the first vector and value that differ, unless [n, ...] arrays are equal.

    where: what was computed, which begins the message; remedy: what ends it. Vectors that both have are
    compared before their number is.
    """
    if expected.shape[1:] != got.shape[1:]:
        raise MismatchError(f"{where}: expected shape {expected.shape}, got {got.shape}{remedy}")
    common = min(len(expected), len(got))
    wrong = np.argwhere(expected[:common] != got[:common])
    if wrong.size:
        at = tuple(int(i) for i in wrong[0])
        neuron = ", ".join(map(str, at[1:]))
        raise MismatchError(
            f"{where}: vector {at[0]}, neuron {neuron}: expected {expected[at]:g}, got {got[at]:g} "
            f"({len(wrong)} of {expected[:common].size} differ){remedy}"
        )
    if len(expected) != len(got):
        raise MismatchError(f"{where}: expected {len(expected)} vectors, got {len(got)}{remedy}")
