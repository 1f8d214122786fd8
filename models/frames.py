"""Stacked frames: what a network that sees an episode's latest frames is shown in each step."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)


def stacked(frames: npt.NDArray[T], starts: npt.NDArray[np.bool_], stack: int) -> npt.NDArray[T]:
    """Return the latest `stack` frames of each step: [n, c, H, W] → [n, stack * c, H, W], the newest last.

    starts: [n], where an episode starts, the first frame in any case. Frames before it are zeros, as in
    stable-baselines3's VecFrameStack.
    """
    n_steps, channels, *sizes = frames.shape
    since = np.arange(n_steps)
    since = since - np.maximum.accumulate(np.where(starts, since, 0))
    stacks = np.zeros((n_steps, stack, channels, *sizes), frames.dtype)
    for age in range(min(stack, n_steps)):
        seen = np.flatnonzero(since >= age)
        stacks[seen, stack - 1 - age] = frames[seen - age]
    return stacks.reshape(n_steps, stack * channels, *sizes)


def unstacked(stacks: npt.NDArray[T], stack: int) -> tuple[npt.NDArray[T], npt.NDArray[np.bool_]]:
    """Return an episode of `stack` frames for each stack, whose last step sees it, and where they start.

    [n, stack * c, H, W] → [n * stack, c, H, W] and [n * stack] bool.
    """
    n_stacks, channels, *sizes = stacks.shape
    frames = stacks.reshape(n_stacks * stack, channels // stack, *sizes)
    return frames, np.arange(len(frames)) % stack == 0
