"""Output channels divided over the weight streams, so that all end a layer at about the same time."""

from collections.abc import Sequence

MAX_STREAMS = 2

Shares = tuple[tuple[int, ...], ...]
"""The channels of each stream, in the order in which it makes them: ascending."""


def divided(lengths: Sequence[int], streams: int, *, in_order: bool) -> Shares:
    """Return the channels of each stream: the next channel goes to the one that has fewest words so far.

    lengths: words of each channel. The longest channels are dealt first, unless `in_order`, which makes
    channels end about in their order too.
    """
    dealt = range(len(lengths)) if in_order else sorted(range(len(lengths)), key=lambda at: -lengths[at])
    shares: list[list[int]] = [[] for _ in range(streams)]
    words = [0] * streams
    for channel in dealt:
        stream = words.index(min(words))
        shares[stream].append(channel)
        words[stream] += lengths[channel]
    return tuple(tuple(sorted(share)) for share in shares)
