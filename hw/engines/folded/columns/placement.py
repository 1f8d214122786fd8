"""Which lane keeps which input: words are dealt to groups of lanes, and turned, to level the work."""

from dataclasses import dataclass

import numpy as np

from ganglion.models.reference import Ints

PASSES = 9
"""How often every word is placed; the best placement is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the words of an input vector go.

    The lanes form groups, each as wide as a word. As many words as there are groups form a block, of which
    each goes to a group of its own, in block k to address k. Value j of word i goes to lane (j + `turn[i]`)
    mod width of group `group[i]`.
    """

    lanes: int
    width: int
    group: tuple[int, ...]
    turn: tuple[int, ...]

    @property
    def depth(self) -> int:
        """Addresses of a lane that hold inputs."""
        return -(-len(self.group) // self.groups)

    @property
    def groups(self) -> int:
        """Groups of lanes, which are also the words of a block."""
        return self.lanes // self.width

    def home(self, index: int) -> tuple[int, int]:
        """Return the lane that keeps an input, and the address there."""
        word, place = divmod(index, self.width)
        return (
            self.group[word] * self.width + (place + self.turn[word]) % self.width,
            word // self.groups,
        )


def place_inputs(products: Ints, lanes: int, width: int) -> Placement:
    """Return a placement in which the lanes have about as many products each.

    products: [in], how often each input is multiplied; width: inputs in a word, a divisor of lanes. The words
    of a block go one by one, the fullest first, where they leave the lanes most even; then each block again.
    """
    groups = lanes // width
    n_words = -(-len(products) // width)
    words = np.zeros(n_words * width, dtype=np.int64)
    words[: len(products)] = products
    words = words.reshape(n_words, width)
    turned = np.stack([np.roll(words, turn, axis=1) for turn in range(width)], axis=1)  # [word, turn, width]
    load = np.zeros((groups, width), dtype=np.int64)
    group, turn = np.zeros((2, n_words), dtype=np.int64)
    best: tuple[int, Ints, Ints] | None = None
    for again in range(PASSES):
        for start in range(0, n_words, groups):
            block = np.arange(start, min(start + groups, n_words))
            if again:
                for word in block:
                    load[group[word]] -= turned[word, turn[word]]
            free = np.ones(groups, dtype=bool)
            for word in block[np.argsort(-words[block].sum(axis=1), kind="stable")]:
                # The rise of the sum of squared loads, up to what is the same for all choices.
                rise = np.einsum("gl,tl->gt", load, turned[word]).astype(np.float64)
                rise[~free] = np.inf
                group[word], turn[word] = np.unravel_index(int(rise.argmin()), rise.shape)
                load[group[word]] += turned[word, turn[word]]
                free[group[word]] = False
        if best is None or load.max() < best[0]:
            best = int(load.max()), group.copy(), turn.copy()
    assert best is not None
    _, group, turn = best
    return Placement(lanes=lanes, width=width, group=tuple(group.tolist()), turn=tuple(turn.tolist()))
