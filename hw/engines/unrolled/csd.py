"""A limit on the signed digits of a policy's weights."""

from collections.abc import Sequence

import numpy as np

from ganglion.models.build.errors import CompileError
from ganglion.models.quant.csd import csd_digits
from ganglion.models.reference import IntNetwork, Ints


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
