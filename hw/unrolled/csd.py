"""A limit on the signed digits of a policy's weights."""

from collections.abc import Sequence

import numpy as np

from models.artifacts import CompileError
from models.csd import csd_digits
from models.reference import IntNetwork, Ints


def check_csd_digits(network: IntNetwork, limit: int | None) -> int:
    """Return the digits of all weights; CompileError names the first weight with more than `limit`."""
    digits = [csd_digits(weight) for weight in network.weights]
    if limit is not None:
        names = [layer.name for layer in network.spec.layers]
        _refuse_more(names, network.weights, digits, limit)
    return int(sum(d.sum() for d in digits))


def _refuse_more(names: Sequence[str], weights: Sequence[Ints], digits: Sequence[Ints], limit: int) -> None:
    if limit < 1:
        raise CompileError(f"csd_digits = {limit} is outside 1 to 4; leave it out for weights of any form")
    for name, weight, count in zip(names, weights, digits, strict=True):
        over = np.argwhere(count > limit)
        if over.size:
            row, column = (int(index) for index in over[0])
            raise CompileError(
                f"{name}: weight {weight[row, column]} at [{row}, {column}] has "
                f"{count[row, column]} CSD digits, allowed {limit} "
                f"({len(over)} weights there have more); train with csd_digits = {limit}, or set no limit"
            )
