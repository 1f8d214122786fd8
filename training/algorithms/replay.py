"""What an off-policy algorithm has seen lately."""

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer


def latest_observations(buffer: ReplayBuffer | None, count: int) -> NDArray[np.float32]:
    """Return up to `count` observations [n, observation], the latest of a buffer of one environment."""
    assert buffer is not None
    order = np.arange(buffer.pos - min(buffer.size(), count), buffer.pos)
    return buffer.observations[order, 0].astype(np.float32)
