"""How many cycles a frame takes, exactly: its rows arrive, layer follows layer, the last map leaves.

Cycles are counted from a frame's first input word, cycle 0, no end stalled. The constants are the RTL's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ganglion.hw.engines.planar.program import Program
from ganglion.models.reference import Ints

GAP = 6
"""Cycles between a layer's last word and the next layer's first: until the last result can be read."""
WRITE = 8
"""Cycles from a word to the result of the sum that it ends, in the lanes' memories or before the drain."""
PLANES = 2
"""Output channels that may be under way to the output stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Cycles of a frame: its first input word and last output word; when its layers start; what is next.

    `reads` and `idle`: when memories may be loaded and layers start again. `writes`: those in which results
    take the memories' port. `drained`: when the last planes left.
    """

    first: int
    start: int
    reads: int
    idle: int
    writes: frozenset[int]
    drained: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The cycles of a program; `word_cycles` is how often an input word comes, 1 at most."""

    program: Program
    lanes_in: int
    lanes_out: int
    word_cycles: int = 1

    @property
    def latency(self) -> int:
        """Cycles from a frame's first input word to its last output word, alone."""
        frame = next(self._frames())
        return frame.drained[-1] - frame.first

    @property
    def interval(self) -> int:
        """Cycles from frame to frame when they follow one another."""
        frames = self._frames()
        *_, before, last = (next(frames) for _ in range(4))
        return last.drained[-1] - before.drained[-1]

    def _frames(self) -> Iterator[Frame]:
        """Yield frames that follow one another."""
        idle = frozenset[int]()
        before = Frame(first=0, start=-1, reads=0, idle=0, writes=idle, drained=(-1,) * PLANES)
        rows = _Rows(timing=self)
        while True:
            before = self._computed(*rows.loaded(before), before)
            yield before

    def _computed(self, first: int, loaded: int, before: Frame) -> Frame:
        start = at = max(loaded + 1, before.idle)
        at += 1
        writes, reads = list[int](), 0
        *hidden, (last_lengths, last_passes) = self.passes
        for lengths, passes in hidden:
            ends = at - 1 + np.cumsum(np.repeat(lengths, passes))
            writes += (ends + WRITE).tolist()
            at = int(ends[-1]) + 1 + GAP
            reads = reads or at
        drained = list(before.drained)
        for length in last_lengths.tolist():
            at = max(at + length - 1, drained[-PLANES] + 1)
            at += length * (last_passes - 1)
            drained.append(max(at + WRITE + 1, drained[-1]) + self._plane_words)
            at += 1
        idle = at + GAP
        return Frame(
            first=first, start=start, reads=reads or idle, idle=idle, writes=frozenset(writes),
            drained=tuple(drained[-PLANES:]),
        )  # fmt: skip

    @cached_property
    def passes(self) -> tuple[tuple[Ints, int], ...]:
        """For each layer the words of each channel and the passes over them."""
        maps = self.program.maps[1:]
        return tuple(
            (np.array([len(channel) for channel in layer]), target.tile**2)
            for layer, target in zip(self.program.words, maps, strict=True)
        )

    @property
    def _plane_words(self) -> int:
        last = self.program.maps[-1]
        return -(-last.height * last.width // self.lanes_out)


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
        source, lanes = self.timing.program.maps[0], self.timing.lanes_in
        free, first, words = max(before.start + 1, before.reads), None, 0
        rows = self.timing.program.frame_channels * source.height
        for row in range(1, rows + 1):
            needed = -(-row * source.width // lanes)
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
