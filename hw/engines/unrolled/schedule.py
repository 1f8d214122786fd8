"""Which pipeline stage computes a node: at most so many adders in a chain, few bits from stage to stage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ganglion.hw.engines.unrolled.graph import Clip, Graph, Node, Sum, sources
from ganglion.hw.engines.unrolled.tree import ADDER_DELAY
from ganglion.models.build.errors import CompileError

CLIP_DELAY = 1
MAX_ADDERS = 16
MAX_SWEEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The stage of every node: inputs are registered before stage 0, outputs leave stage n_stages - 1."""

    stages: tuple[int, ...]
    n_stages: int

    @property
    def latency_cycles(self) -> int:
        """Cycles from an accepted vector to its result: a register before each stage, and the output FIFO."""
        return self.n_stages + 1


def schedule(graph: Graph, adders_per_stage: int, pipelining: int = 0) -> Schedule:
    """Return stages of at most so many adders behind each other, outputs all in the last.

    A stage's adders may be followed by a clip where `pipelining` is 0; else a clip counts as half an adder.
    """
    if not 1 <= adders_per_stage <= MAX_ADDERS:
        raise CompileError(f"adders_per_stage = {adders_per_stage} is outside 1 to {MAX_ADDERS}")
    clip = 0 if pipelining else CLIP_DELAY
    return _Scheduler(graph, adders_per_stage * ADDER_DELAY + clip).run()


def carried_bits(graph: Graph) -> list[int]:
    """Return for every node the bits that its readers need: a clip does not look below its shift."""
    bits = [node.type.bits for node in graph.nodes]
    read = [node.type.bits if i in graph.layers[-1].neurons else 0 for i, node in enumerate(graph.nodes)]
    for node in graph.nodes:
        for source in sources(node):
            needed = bits[source] - max(0, node.shift) if isinstance(node, Clip) else bits[source]
            read[source] = max(read[source], needed)
    return read


def last_stages(graph: Graph, stages: Schedule) -> dict[int, int]:
    """Return for every node that is read the last stage that reads it."""
    last = {node: stages.n_stages - 1 for node in graph.layers[-1].neurons if node is not None}
    for index, node in enumerate(graph.nodes):
        for source in sources(node):
            last[source] = max(last.get(source, 0), stages.stages[index])
    return last


def _delay(node: Node) -> int:
    if isinstance(node, Sum):
        return ADDER_DELAY
    return CLIP_DELAY if isinstance(node, Clip) else 0


class _Scheduler:
    """Start times in half adders; stage k lasts from k * capacity to (k + 1) * capacity, none straddles."""

    def __init__(self, graph: Graph, capacity: int) -> None:
        self.capacity = capacity
        self.delays = [_delay(node) for node in graph.nodes]
        self.bits = carried_bits(graph)
        self.sources: list[Sequence[int]] = [sources(node) for node in graph.nodes]
        self.readers: list[list[int]] = [[] for _ in graph.nodes]
        for index, read in enumerate(self.sources):
            for source in read:
                self.readers[source].append(index)
        self.outputs = {node for node in graph.layers[-1].neurons if node is not None}
        self.starts = self._as_early_as_possible()
        self.n_stages = 1 + max((self._stage(i) for i, d in enumerate(self.delays) if d), default=0)

    def run(self) -> Schedule:
        """Return the schedule after sweeps to late and to early that each save register bits."""
        for _ in range(MAX_SWEEPS):
            moved = sum(self._move(index, late=True) for index in reversed(range(len(self.starts))))
            moved += sum(self._move(index, late=False) for index in range(len(self.starts)))
            if not moved:
                break
        stages = tuple(self._stage(index) for index in range(len(self.starts)))
        return Schedule(stages=stages, n_stages=self.n_stages)

    def _as_early_as_possible(self) -> list[int]:
        starts: list[int] = []
        for index, read in enumerate(self.sources):
            earliest = max((starts[source] + self.delays[source] for source in read), default=0)
            starts.append(self._fit(earliest, self.delays[index]))
        return starts

    def _fit(self, start: int, delay: int) -> int:
        """Return the first time from `start` at which `delay` fits into a stage."""
        left = self.capacity - start % self.capacity
        return start if delay <= left else start + left

    def _stage(self, index: int) -> int:
        return self.starts[index] // self.capacity if self.delays[index] else 0

    def _move(self, index: int, *, late: bool) -> bool:
        """Put a node where it costs fewest register bits, late or early; return whether bits were saved."""
        delay = self.delays[index]
        if not delay:
            return False
        before = self._cost(index, self._stage(index))
        best = min(
            self._places(index, late=late),
            key=lambda start: (self._cost(index, start // self.capacity), -start if late else start),
        )
        self.starts[index] = best
        return self._cost(index, self._stage(index)) < before

    def _places(self, index: int, *, late: bool) -> Iterator[int]:
        """Yield, for every stage in which the node can be, its latest or earliest start there."""
        delay, capacity = self.delays[index], self.capacity
        first = max((self.starts[s] + self.delays[s] for s in self.sources[index]), default=0)
        end = (
            self.n_stages * capacity
            if index in self.outputs
            else min(self.starts[r] for r in self.readers[index])
        )
        for stage in range(first // capacity, (end - 1) // capacity + 1):
            low, high = max(first, stage * capacity), min(end, (stage + 1) * capacity) - delay
            if low <= high:
                yield high if late else low

    def _cost(self, index: int, stage: int) -> int:
        """Return the register bits that depend on the stage of `index`."""
        last = max((self._stage(reader) for reader in self.readers[index]), default=0)
        if index in self.outputs:
            last = self.n_stages - 1
        bits = self.bits[index] * (last - stage)
        for source in self.sources[index]:
            others = max((self._stage(r) for r in self.readers[source] if r != index), default=0)
            bits += self.bits[source] * max(others, stage)
        return bits
