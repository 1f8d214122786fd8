"""Frames that a network of pixels is proven with: golden ones, and episodes made to reach what games do not.

A fault may show only in a frame's corner, at the ends of the range, or once frames that a new one overwrote
are read again: extremes follow one another in every order that a stack can hold, and first-layer channels
are brought to their largest and smallest sums.
"""

import numpy as np
import numpy.typing as npt

from ganglion.models.layers import Conv2d
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.network import NetworkSpec

MIN_FRAMES = 2000
SHORT_EPISODES = (1, 2, 3, 5, 9)
LONG_EPISODE = 300
Bools = npt.NDArray[np.bool_]


def proof_frames(network: IntNetwork, golden: Ints, starts: Bools) -> tuple[Ints, Bools]:
    """Return frames [n, in] in episodes and where these start, [n]: golden, extremes, and noise.

    golden: [m, in], in episodes that start where `starts`, [m], says. They are `MIN_FRAMES` at least.
    """
    rng = np.random.default_rng(0)
    episodes = [golden.astype(np.int64), _extremes(rng, network.spec), *_largest_sums(network)]
    missing = max(0, MIN_FRAMES - sum(map(len, episodes)))
    lengths: list[int] = [*SHORT_EPISODES]
    while sum(lengths) < missing:
        lengths.append(min(LONG_EPISODE, missing - sum(lengths)))
    episodes += [_noise(rng, network.spec, golden, length) for length in lengths]
    begins = [starts, *(np.arange(len(episode)) == 0 for episode in episodes[1:])]
    return np.concatenate(episodes), np.concatenate(begins)


def _extremes(rng: np.random.Generator, spec: NetworkSpec) -> Ints:
    """Return frames of one value each, an end of the range: stacks of every order among them."""
    ends = np.array([spec.input_type.low, spec.input_type.high])
    orders = [ends[order >> np.arange(spec.frame_stack) & 1] for order in range(2**spec.frame_stack)]
    return np.repeat(np.concatenate(rng.permutation(orders))[:, None], spec.step_width, axis=1)


def _largest_sums(network: IntNetwork) -> list[Ints]:
    """Return an episode for each channel of a first convolution and end of its range, a stack long.

    Where a weight is positive its pixels are highest and else lowest, or the other way round, in windows
    beside each other.
    """
    spec, first = network.spec, network.spec.layers[0]
    if not isinstance(first, Conv2d):
        return []
    _, height, width = first.in_shape
    rows, columns = np.ix_(*((np.arange(n) + first.padding) % first.kernel for n in (height, width)))
    episodes = []
    for weight in network.weights[0]:
        raises = weight[:, rows, columns] > 0
        for chosen in (raises, ~raises):
            stack = np.where(chosen, spec.input_type.high, spec.input_type.low)
            episodes.append(stack.reshape(spec.frame_stack, spec.step_width))
    return episodes


def _noise(rng: np.random.Generator, spec: NetworkSpec, golden: Ints, length: int) -> Ints:
    """Return an episode of noise over the range, of its ends only, and on golden frames, mixed."""
    kind, shape = spec.input_type, (length, spec.step_width)
    drawn = rng.integers(kind.low, kind.high + 1, shape)
    ends = rng.choice([kind.low, kind.high], shape)
    real = golden[rng.integers(len(golden), size=length)].astype(np.int64)
    mixed = np.where(rng.random(shape) < rng.random((length, 1)), ends, real)
    how = rng.integers(0, 3, (length, 1))
    return np.where(how == 0, drawn, np.where(how == 1, ends, mixed))
