"""A limit on the signed digits of a policy's weights."""

import numpy as np

from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.quant.csd import csd_digits
from ganglion.models.reference import IntNetwork


def check_csd_digits(network: IntNetwork, limit: int | None) -> None:
    """Raise CompileError naming the worst weight when one has more digits than `limit`; None is no limit."""
    digits = [csd_digits(weight) for weight in network.weights]
    most = max(int(count.max()) for count in digits)
    if limit is None or most <= limit:
        return
    layer = next(index for index, count in enumerate(digits) if count.max() == most)
    row, column = (int(i) for i in np.argwhere(digits[layer] == most)[0])
    n_over = sum(int((count > limit).sum()) for count in digits)
    name, weight = network.spec.layers[layer].name, network.weights[layer][row, column]
    raise CompileError(
        f"{name}: weight {weight} at [{row}, {column}] has {most} CSD digits, "
        f"allowed {limit} ({n_over} weights have more); "
        f"set {spelled('csd_digits', most)} or none, "
        f"or give a policy whose weights were projected to {limit} digits in training"
    )
