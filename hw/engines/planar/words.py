"""The words of a layer's channels: a product each, those of a window, of kernels, of what is added."""

from dataclasses import dataclass

import numpy as np

from ganglion.models.layers import MaxPool2d
from ganglion.models.reference import IntNetwork, Ints

# A pass is two words long at least: the first one's flag says that the second is the last.
LEAST_WORDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A product: a weight, the input channel that it multiplies, and where in the window."""

    weight: int
    channel: int
    row: int
    column: int


NOTHING = Word(weight=0, channel=0, row=0, column=0)


def words_of(network: IntNetwork, index: int) -> tuple[tuple[Word, ...], ...]:
    """Return for each output channel of a layer what a pass multiplies.

    A pooling's words are its window; only the last one has a weight, 1, for the largest value. A residual's
    is the last one too: a power of two times the same channel of what is added, in its own place.
    """
    spec, layer = network.spec, network.spec.layers[index]
    if isinstance(layer, MaxPool2d):
        return tuple(_window(channel, layer.kernel) for channel in range(layer.channels))
    found = [_nonzeros(kernel) for kernel in network.weights[index]]
    if spec.residual(index) is not None:
        weight = 1 << spec.residual_shift(index)
        found = [
            [*words, Word(weight=weight, channel=channel, row=0, column=0)]
            for channel, words in enumerate(found)
        ]
    return tuple((*[NOTHING] * (LEAST_WORDS - len(words)), *words) for words in found)


def weight_bits(network: IntNetwork, index: int) -> int:
    """Return the bits of a layer's weights in words, what it adds included."""
    spec, layer = network.spec, network.spec.layers[index]
    one = 2
    if isinstance(layer, MaxPool2d):
        return one
    added = 0 if spec.residual(index) is None else spec.residual_shift(index) + one
    return max(layer.weight_type.bits, added)


def _nonzeros(kernel: Ints) -> list[Word]:
    """Return the words of an output channel's weights [in, kernel, kernel]."""
    return [
        Word(weight=int(kernel[at]), channel=int(at[0]), row=int(at[1]), column=int(at[2]))
        for at in zip(*np.nonzero(kernel), strict=True)
    ]


def _window(channel: int, kernel: int) -> tuple[Word, ...]:
    places = list(np.ndindex(kernel, kernel))
    places = [*places[:1] * (LEAST_WORDS - len(places)), *places]
    return tuple(
        Word(weight=int(number == len(places)), channel=channel, row=row, column=column)
        for number, (row, column) in enumerate(places, 1)
    )
