"""What is decided already while a program is being scheduled: reads, writes, and when results exist."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from ganglion.hw.engines.folded.lower import Row
from ganglion.hw.engines.folded.shape import FoldedShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A product in a cycle: the neuron read and its weight."""

    cycle: int
    neuron: int
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A row, or a lane's share of one: consecutive products in one lane; `end` is its last cycle.

    A captured sum goes to the next reduction, another is requantized into the lane's bank.
    """

    row: Row
    lane: int
    end: int
    bias: int
    steps: tuple[Step, ...]
    is_captured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """Captured sums are added up: those of `row` for `bank`, or for an output word when bank is -1."""

    row: Row
    cycle: int
    bank: int


@dataclass(slots=True, kw_only=True)
class Tables:
    """The reservations of a schedule; only `Tables` changes them, and never takes one back."""

    shape: FoldedShape
    inputs: int
    lane_free: list[int]
    # Of a neuron that is scheduled: its bank and the first cycle whose word may read it.
    home: dict[int, tuple[int, int]] = field(default_factory=dict)
    reads: defaultdict[tuple[int, int], dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    writes: set[tuple[int, int]] = field(default_factory=set)
    segments: list[Segment] = field(default_factory=list)
    n_products: int = 0
    reductions: list[Reduction] = field(default_factory=list)

    @classmethod
    def of(cls, shape: FoldedShape, inputs: int) -> "Tables":
        """Return empty tables in which the inputs exist, word by word of their stream, from cycle 0 on."""
        width = shape.word_values_of(inputs)
        home = {i: (i % width, i // width) for i in range(inputs)}
        return cls(shape=shape, inputs=inputs, lane_free=[0] * shape.lanes, home=home)

    @property
    def input_words(self) -> int:
        """Words of the input stream; the program waits for one before each of its first words."""
        return self.shape.words_of_input(self.inputs)

    @property
    def idle(self) -> int:
        """Cycles, of all lanes together, in which nothing is multiplied."""
        return sum(self.lane_free) - self.n_products

    @property
    def last_reduction(self) -> int:
        """The cycle of the last reduction, -1 before the first."""
        return self.reductions[-1].cycle if self.reductions else -1

    def can_read(self, cycle: int, replica: int, neuron: int) -> bool:
        """Return whether a lane of `replica` may read `neuron` then: it exists, its bank is free for it."""
        bank, ready = self.home[neuron]
        return ready <= cycle and self.reads[replica, cycle].get(bank, neuron) == neuron

    def can_write(self, cycle: int, bank: int) -> bool:
        """Return whether a row may end then in a lane of `bank`: nothing else would be written with it."""
        comes = cycle + self.shape.lane_delay
        is_loading = comes < self.input_words and bank < self.shape.word_values_of(self.inputs)
        return not is_loading and (cycle, bank) not in self.writes

    def read(self, step: Step, replica: int) -> None:
        """Reserve what a step reads."""
        self.reads[replica, step.cycle][self.home[step.neuron][0]] = step.neuron

    def place(self, segment: Segment) -> None:
        """Reserve a segment."""
        replica = self.shape.replica_of(segment.lane)
        for step in segment.steps:
            self.read(step, replica)
        self.lane_free[segment.lane] = segment.end + 1
        self.segments.append(segment)
        self.n_products += len(segment.steps)
        if not segment.is_captured:
            bank = self.shape.bank_of(segment.lane)
            self.writes.add((segment.end, bank))
            self.home[segment.row.neuron] = (bank, segment.end + self.shape.lane_delay)

    def emit(self, row: Row, earliest: int) -> None:
        """Reserve the reduction of the captured rows of an output word, `row` one of them."""
        self.reductions.append(Reduction(row=row, cycle=max(earliest, self.last_reduction + 1), bank=-1))

    def store(self, row: Row, earliest: int) -> None:
        """Reserve the reduction of a captured row, at `earliest` or later, into the least used free bank."""
        cycle = max(earliest, self.last_reduction + 1)
        while not (free := [b for b in range(self.shape.banks) if self._can_store(cycle, b)]):
            cycle += 1
        load = Counter(home for home, _ in self.home.values())
        bank = min(free, key=load.__getitem__)
        self.writes.update((written, bank) for written in self._stores(cycle))
        self.home[row.neuron] = (bank, cycle + self.shape.reduction_delay)
        self.reductions.append(Reduction(row=row, cycle=cycle, bank=bank))

    def _can_store(self, cycle: int, bank: int) -> bool:
        return all(self.can_write(written, bank) for written in self._stores(cycle))

    def _stores(self, cycle: int) -> range:
        """Return when no row may end because of a reduction; while inputs come, a wait may lie between."""
        later = self.shape.reduction_delay - self.shape.lane_delay
        return range(cycle + (later if cycle + 1 >= self.input_words else 1), cycle + later + 1)
