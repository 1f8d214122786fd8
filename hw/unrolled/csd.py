"""Canonical signed digits of weights: what a constant multiplier costs, and a limit for training."""

from collections.abc import Sequence

import numpy as np

from models.artifacts import CompileError
from models.reference import IntNetwork, Ints


def csd_digits(values: Ints) -> Ints:
    """Return the nonzero digits of each value in canonical signed digit form, the fewest: [...] int64."""
    # A digit is nonzero where 3v and v differ (Reitwieser 1960); that form of -v has the same digits.
    magnitude = np.abs(np.asarray(values, dtype=np.int64))
    changes = (3 * magnitude) ^ magnitude
    return np.bitwise_count(changes).astype(np.int64)


def check_csd_digits(network: IntNetwork, limit: int | None) -> int:
    """Return the digits of all weights; CompileError names the worst weight when it has more than `limit`."""
    digits = [csd_digits(weight) for weight in network.weights]
    if limit is not None:
        names = [layer.name for layer in network.spec.layers]
        _refuse_more(names, network.weights, digits, limit)
    return int(sum(d.sum() for d in digits))


def _refuse_more(names: Sequence[str], weights: Sequence[Ints], digits: Sequence[Ints], limit: int) -> None:
    if limit < 1:
        raise CompileError(f"CSD_DIGITS={limit} is outside 1 to 4; leave it out for weights of any form")
    most = max(int(count.max()) for count in digits)
    if most <= limit:
        return
    layer = next(index for index, count in enumerate(digits) if count.max() == most)
    row, column = (int(i) for i in np.argwhere(digits[layer] == most)[0])
    n_over = sum(int((count > limit).sum()) for count in digits)
    raise CompileError(
        f"{names[layer]}: weight {weights[layer][row, column]} at [{row}, {column}] has {most} CSD digits, "
        f"allowed {limit} ({n_over} weights have more); set CSD_DIGITS={most} or none, "
        f"or give a policy whose weights were projected to {limit} digits in training"
    )
