"""The golden vectors of a bundle: few enough for a board, the extreme ones among them."""

import numpy as np
import numpy.typing as npt

from ganglion.models.build.errors import ExportError
from ganglion.models.layers.layer import EPISODE_START
from ganglion.models.spec.policy import PolicySpec

MAX_VECTORS = 384
MAX_EXTREMES = 256
MAX_STEPS = MAX_VECTORS // 2
"""Of the first and of the last episode."""


def arrival(n_values: int, channels: int) -> npt.NDArray[np.int64]:
    """Return which values of planes come one after another where channels come together: [n_values]."""
    return np.arange(n_values).reshape(channels, -1).T.ravel()


def board_golden(spec: PolicySpec, golden: dict[str, np.ndarray], channels: int = 1) -> dict[str, np.ndarray]:
    """Return observation, input, output and action of some of a policy's golden vectors, a row each.

    Frames have their rows and columns.

    golden: a policy folder's golden.npz. Those with the smallest and the largest value of any input or output
    are taken first, others evenly. Of episodes the first and the last one's steps are taken, in order, and
    "episode_start" says where they start. Inputs are as they enter an accelerator that reads `channels` last.
    """
    last = spec.network.layers[-1].name
    if missing := {"observation", "input", last} - golden.keys():
        raise ExportError(f"golden.npz of the policy lacks {min(missing)}")
    starts = golden.get(EPISODE_START)
    taken = _taken(golden["input"], golden[last]) if starts is None else _steps(starts)
    output = golden[last][taken]
    shape = spec.frame or (spec.observation_features,)
    episodes = {} if starts is None else {EPISODE_START: starts[taken]}
    return episodes | {
        "observation": golden["observation"][taken].reshape(-1, *shape),
        "input": golden["input"][taken][:, arrival(golden["input"].shape[1], channels)],
        "output": output,
        "action": spec.action.act(output),
    }


def _steps(starts: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the first steps of all vectors and of the last episode, which holds the extremes."""
    last, steps = np.flatnonzero(starts)[-1], np.arange(MAX_STEPS)
    taken = np.union1d(steps, last + steps)
    return taken[taken < len(starts)]


def _taken(inputs: np.ndarray, outputs: np.ndarray) -> npt.NDArray[np.int64]:
    """Return which of the vectors [n, in] and [n, out] are taken, in their order."""
    values = np.hstack([outputs, inputs])
    extremes = np.unique(np.stack([values.argmin(axis=0), values.argmax(axis=0)], axis=1).ravel())
    if len(extremes) > MAX_EXTREMES:
        extremes = extremes[np.linspace(0, len(extremes) - 1, MAX_EXTREMES).astype(np.int64)]
    n_even = min(len(values), MAX_VECTORS - len(extremes))
    even = np.linspace(0, len(values) - 1, n_even).astype(np.int64)
    return np.union1d(extremes, even)
