"""The golden vectors of a bundle: few enough for a board, the extreme ones among them."""

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ExportError
from ganglion.models.spec.policy import PolicySpec

MAX_VECTORS = 384
MAX_EXTREMES = 256


def board_golden(spec: PolicySpec, golden: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return observation, input, output and action of some of a policy's golden vectors, a row each.

    golden: a policy folder's golden.npz. Those with the smallest and the largest value of any input or output
    are taken first, others evenly.
    """
    last = spec.network.layers[-1].name
    if missing := {"observation", "input", last} - golden.keys():
        raise ExportError(f"golden.npz of the policy lacks {min(missing)}")
    taken = _taken(golden["input"], golden[last])
    output = golden[last][taken]
    return {
        "observation": golden["observation"][taken],
        "input": golden["input"][taken],
        "output": output,
        "action": spec.action.act(output),
    }


def _taken(inputs: np.ndarray, outputs: np.ndarray) -> npt.NDArray[np.int64]:
    """Return which of the vectors [n, in] and [n, out] are taken, in their order."""
    values = np.hstack([outputs, inputs])
    extremes = np.unique(np.stack([values.argmin(axis=0), values.argmax(axis=0)], axis=1).ravel())
    if len(extremes) > MAX_EXTREMES:
        extremes = extremes[np.linspace(0, len(extremes) - 1, MAX_EXTREMES).astype(np.int64)]
    n_even = min(len(values), MAX_VECTORS - len(extremes))
    even = np.linspace(0, len(values) - 1, n_even).astype(np.int64)
    return np.union1d(extremes, even)
