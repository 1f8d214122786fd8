"""How many cycles a frame takes, exactly: its rows arrive, layer follows layer, the last map leaves.

Cycles are counted from a frame's first input word, cycle 0, no end stalled. The constants are the RTL's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ganglion.hw.engines.planar.program import Program
from ganglion.models.reference import Ints

GAP = 5
"""Cycles, and one a stream, between a layer's last word and the next layer's first: until the last result
can be read."""
WRITE = 8
"""Cycles from a word to the result of the sum that it ends, in the lanes' memories or before the drain."""
PLANES = 2
"""Output channels of a stream that may be under way to the output stream."""


def write_cycles(lengths: Sequence[Ints], passes: int) -> tuple[Ints, ...]:
    """Return when each stream's results are written, from a hidden layer's first word on.

    lengths: the words of each stream's channels. The second stream's waits where the first one's is written.
    """
    first, *others = (np.cumsum(np.repeat(each, passes)) - 1 + WRITE for each in lengths)
    return first, *(other + np.isin(other, first) for other in others)


def write_order(program: Program, index: int) -> tuple[int, ...]:
    """Return a hidden layer's results as they are written: channel * tile^2 + place in the tile of each."""
    lengths, passes = program.passes[index]
    written = np.concatenate(write_cycles(lengths, passes))
    channels = np.repeat(program.order(index + 1), passes) * passes
    results = channels + np.tile(np.arange(passes), len(channels) // passes)
    return tuple(results[np.argsort(written)].tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Cycles of a frame: its first input word and last output word; when its layers start; what is next.

    `reads` and `idle`: when memories may be loaded and layers start again. `writes`: those in which results
    take the memories' port. `freed`: when each stream's latest planes made room for others.
    """

    first: int
    start: int
    reads: int
    idle: int
    writes: frozenset[int]
    freed: tuple[tuple[int, ...], ...]
    drained: int


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The cycles of a program; `word_cycles` is how often an input word comes, 1 at most."""

    program: Program
    in_values: int
    out_values: int
    word_cycles: int = 1

    @property
    def latency(self) -> int:
        """Cycles from a frame's first input word to its last output word, alone."""
        frame = next(self._frames())
        return frame.drained - frame.first

    @property
    def interval(self) -> int:
        """Cycles from frame to frame when they follow one another."""
        frames = self._frames()
        *_, before, last = (next(frames) for _ in range(4))
        return last.drained - before.drained

    def _frames(self) -> Iterator[Frame]:
        """Yield frames that follow one another."""
        freed = ((-1,) * PLANES,) * self.program.shape.streams
        before = Frame(first=0, start=-1, reads=0, idle=0, writes=frozenset(), freed=freed, drained=-1)
        rows = _Rows(timing=self)
        while True:
            before = self._computed(*rows.loaded(before), before)
            yield before

    def _computed(self, first: int, loaded: int, before: Frame) -> Frame:
        start = at = max(loaded + 1, before.idle)
        at += 1
        writes, reads = list[int](), 0
        for lengths, passes in self.program.passes[:-1]:
            writes += (at + np.concatenate(write_cycles(lengths, passes))).tolist()
            at += max(int(each.sum()) for each in lengths) * passes + self._gap
            reads = reads or at
        ended, freed, drained = self._last_layer(at, before)
        idle = ended + self._gap
        return Frame(
            first=first, start=start, reads=reads or idle, idle=idle, writes=frozenset(writes), freed=freed,
            drained=drained,
        )  # fmt: skip

    def _last_layer(self, at: int, before: Frame) -> tuple[int, tuple[tuple[int, ...], ...], int]:
        """Return when the last layer, begun at `at`, ended, its planes made room, and the last one left."""
        shares, (lengths, passes) = self.program.shares[-1], self.program.passes[-1]
        streams = len(shares)
        turns = sorted(
            (channel, stream, int(words))
            for stream, (share, of_share) in enumerate(zip(shares, lengths, strict=True))
            for channel, words in zip(share, of_share, strict=True)
        )
        ends, freed, drained = [at] * streams, [list(each) for each in before.freed], before.drained
        for _, stream, words in turns:
            first = max(ends[stream] + words - 1, freed[stream][-PLANES] + 1)
            last = first + words * (passes - 1)
            loaded = max(last + WRITE + streams, drained)
            drained = loaded + self._plane_words
            freed[stream].append(drained if streams == 1 else loaded)
            ends[stream] = last + 1
        return max(ends), tuple(tuple(each[-PLANES:]) for each in freed), drained

    @property
    def _gap(self) -> int:
        return GAP + self.program.shape.streams

    @property
    def _plane_words(self) -> int:
        last = self.program.maps[-1]
        return -(-last.height * last.width // self.out_values)


@dataclass(kw_only=True)
class _Rows:
    """The loader: rows gathered from words, then written a column of all tiles a cycle."""

    timing: Timing
    accepted: int = -1
    """When the latest word came."""
    taken: int = -1
    """When the latest row was gathered into the register that is written from."""
    written: int = -1
    """When the latest row's last write was."""

    def loaded(self, before: Frame) -> tuple[int, int]:
        """Return when the next frame's first word comes, and its last write."""
        source, width = self.timing.program.maps[0], self.timing.in_values
        free, first, words = max(before.start + 1, before.reads), None, 0
        rows = self.timing.program.frame_channels * source.height
        for row in range(1, rows + 1):
            needed = -(-row * source.width // width)
            while words < needed:
                self.accepted = max(self.accepted + self.timing.word_cycles, self.taken)
                first = self.accepted if first is None else first
                words += 1
            self.taken = max(self.accepted + 1, self.taken + 1, self.written)
            at = self.taken
            for _ in range(source.tile):
                at = max(at + 1, free)
                while at in before.writes:
                    at += 1
            self.written = at
        assert first is not None
        return first, self.written
