"""The offline scheduler: rows to lanes and products to cycles, so that no lane waits."""

from dataclasses import dataclass
from itertools import product

from ganglion.hw.engines.folded.assemble import assemble
from ganglion.hw.engines.folded.lower import LoweredNetwork, Row, lower
from ganglion.hw.engines.folded.place import emit_word, place_in_lane, split_over_lanes
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.folded.shape import FoldedShape, check_network
from ganglion.hw.engines.folded.tables import Tables
from ganglion.models.reference import IntNetwork

# Products looked at before a lane waits for a cycle, and idle cycles inside a row accepted before that.
TRIED_PRODUCTS = 200
ACCEPTED_GAPS = (0, 1)
# The start of a row whose inputs are not scheduled yet.
NEVER = 1 << 30
# Programs are made until so many products were scheduled; the shortest wins.
SCHEDULED_PRODUCTS = 24_000
# Ways tried where a program has to be short enough only.
TRIED_STRATEGIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way to go about it.

    Hidden rows longer than `split_share` of the ideal time are split over lanes; of every hidden layer,
    `levelling` rows a lane are split last, to fill the lanes' uneven ends; the longest rows go first, or else
    those that the first outputs need.
    """

    split_share: float = 0.25
    levelling: float = 0.0
    longest_first: bool = False
    split_outputs: bool = True


STRATEGIES = (
    Strategy(),
    Strategy(split_share=1.0),
    Strategy(split_share=1.0, longest_first=True),
    Strategy(levelling=0.25),
    Strategy(longest_first=True),
    Strategy(levelling=0.5, longest_first=True),
    Strategy(split_outputs=False),
    Strategy(split_share=0.1),
)


@dataclass(slots=True, kw_only=True)
class _Layer:
    """The rows of a hidden layer that are still to be scheduled: split early, whole, and split last."""

    split: list[Row]
    whole: list[Row]
    last: list[Row]

    def __len__(self) -> int:
        return len(self.split) + len(self.whole) + len(self.last)


@dataclass(slots=True, kw_only=True)
class _Scheduler:
    """One greedy pass: the lane that is free first takes the most urgent row that fits its next cycles."""

    lowered: LoweredNetwork
    tables: Tables
    layers: list[_Layer]
    strategy: Strategy
    # Of rows whose inputs are all scheduled: what `_ready` and `_start` return.
    ready: dict[int, int]
    starts: dict[int, int]

    @classmethod
    def of(cls, lowered: LoweredNetwork, shape: FoldedShape, strategy: Strategy) -> "_Scheduler":
        ideal = lowered.source.nnz / shape.lanes
        split_above = max(4.0, strategy.split_share * ideal) if shape.lanes > 1 else float("inf")
        urgency = _first_consumers(lowered)
        layers = []
        for rows in lowered.rows[:-1]:
            keys = {row.neuron: (urgency.get(row.neuron, 0), -len(row.inputs)) for row in rows}
            order = sorted(rows, key=lambda row: keys[row.neuron][:: -1 if strategy.longest_first else 1])
            whole = [row for row in order if len(row.inputs) <= split_above]
            n_last = min(len(whole), round(strategy.levelling * shape.lanes)) if shape.lanes > 1 else 0
            layers.append(
                _Layer(
                    split=[row for row in order if len(row.inputs) > split_above],
                    whole=whole[: len(whole) - n_last],
                    last=whole[len(whole) - n_last :],
                )
            )
        tables = Tables.of(shape, lowered.inputs)
        return cls(lowered=lowered, tables=tables, layers=layers, strategy=strategy, ready={}, starts={})

    def run(self, most_cycles: int | None) -> Program | None:
        """Return the program, or None as soon as its words are sure to be more than `most_cycles`."""
        nnz, shape = self.lowered.source.nnz, self.tables.shape
        spare = None if most_cycles is None else most_cycles * shape.lanes - nnz
        for index, layer in enumerate(self.layers):
            while len(layer):
                self._advance(index)
                if spare is not None and self.tables.idle > spare:
                    return None
        outputs, width = self.lowered.rows[-1], self.tables.shape.out_values
        for first in range(0, len(outputs), width):
            emit_word(self.tables, outputs[first : first + width], self.strategy.split_outputs)
        return assemble(self.lowered, self.tables)

    def _advance(self, index: int) -> None:
        layer = self.layers[index]
        lane = min(range(self.tables.shape.lanes), key=self.tables.lane_free.__getitem__)
        now = self.tables.lane_free[lane]
        ready = next((row for row in layer.split if self._ready(row) <= now), None)
        if ready is None and not layer.whole:
            ready = (layer.split or layer.last)[0]
        if ready is not None:
            (layer.split or layer.last).remove(ready)
            split_over_lanes(self.tables, ready)
        elif not self._fill(lane, index):
            self.tables.lane_free[lane] += 1

    def _ready(self, row: Row) -> int:
        """Return the first cycle that may read all inputs of a row, of a layer whose turn it is."""
        if row.neuron not in self.ready:
            self.ready[row.neuron] = max((self.tables.home[neuron][1] for neuron in row.inputs), default=0)
        return self.ready[row.neuron]

    def _start(self, row: Row) -> int:
        """Return the first cycle in which a lane may start the row and never wait for what it reads."""
        if row.neuron not in self.starts:
            if not all(neuron in self.tables.home for neuron in row.inputs):
                return NEVER
            ready = sorted(self.tables.home[neuron][1] for neuron in row.inputs)
            self.starts[row.neuron] = max((cycle - k for k, cycle in enumerate(ready)), default=0)
        return self.starts[row.neuron]

    def _fill(self, lane: int, index: int) -> bool:
        """Place a row of this layer, or else of a later one, in the lane; return False when none fits."""
        now = self.tables.lane_free[lane]
        for gaps, layer in product(ACCEPTED_GAPS, self.layers[index:]):
            tried = 0
            for row in layer.whole:
                if self._start(row) <= now + gaps:
                    if segment := place_in_lane(self.tables, row, lane, gaps):
                        self.tables.place(segment)
                        layer.whole.remove(row)
                        return True
                    tried += 1 + len(row.inputs)
                if tried > TRIED_PRODUCTS:
                    break
        return False


def _first_consumers(lowered: LoweredNetwork) -> dict[int, int]:
    """Return, for each neuron that is read, the first output row that it leads to."""
    urgency: dict[int, int] = {}
    for layer in reversed(lowered.rows):
        for index, row in enumerate(layer):
            own = index if layer is lowered.rows[-1] else urgency.get(row.neuron, len(lowered.rows[-1]))
            for neuron in row.inputs:
                urgency[neuron] = min(own, urgency.get(neuron, own))
    return urgency


def schedule(network: IntNetwork, shape: FoldedShape) -> Program:
    """Return the shortest program found; CompileError when the engine cannot hold or use the network."""
    program = _schedule(network, shape, None)
    assert program is not None
    return program


def schedule_within(network: IntNetwork, shape: FoldedShape, latency_cycles: int) -> Program | None:
    """Return the first program found whose latency is at most `latency_cycles`, or None; see `schedule`."""
    return _schedule(network, shape, latency_cycles - shape.output_delay)


def _schedule(network: IntNetwork, shape: FoldedShape, enough: int | None) -> Program | None:
    """Return the first program of `enough` words; the shortest where that is None."""
    check_network(network, shape)
    lowered = lower(network)
    n_tries = max(1, SCHEDULED_PRODUCTS // max(1, network.nnz)) if enough is None else TRIED_STRATEGIES
    best: Program | None = None
    for strategy in STRATEGIES[:n_tries]:
        most = best.n_cycles if best else enough
        program = _Scheduler.of(lowered, shape, strategy).run(most)
        if program is None or (enough is not None and program.n_cycles > enough):
            continue
        if best is None or (program.n_cycles, program.address_bits) < (best.n_cycles, best.address_bits):
            best = program
        if best.n_cycles <= max(enough or 0, -(-network.nnz // shape.lanes)):
            break
    return best
