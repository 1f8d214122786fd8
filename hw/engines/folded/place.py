"""Where a row's products may go: exactly matched into one lane's next cycles, or spread cycle by cycle."""

from bisect import insort
from collections.abc import Sequence

from ganglion.hw.engines.folded.lower import Row
from ganglion.hw.engines.folded.tables import Segment, Step, Tables

# Longer rows are placed greedily: matching takes time with the square of the length and gains nothing there.
MATCHED_LENGTH = 24


def place_in_lane(tables: Tables, row: Row, lane: int, gaps: int) -> Segment | None:
    """Return the row in a lane's next cycles with at most `gaps` idle ones, or None when it does not fit.

    Nothing is reserved. Short rows are matched (Kuhn), so that a fit is found if there is one.
    """
    start = tables.lane_free[lane]
    if len(row.inputs) <= MATCHED_LENGTH:
        steps = _matched(tables, row, lane, start, max(1, len(row.inputs)) + gaps)
    else:
        steps = _in_turn(tables, row, lane, start, len(row.inputs) + gaps)
    if steps is None:
        return None
    end = max((step.cycle for step in steps), default=start)
    if not tables.can_write(end, tables.shape.bank_of(lane)):
        return None
    return Segment(row=row, lane=lane, end=end, bias=row.bias, steps=steps, is_captured=False)


def _matched(tables: Tables, row: Row, lane: int, start: int, span: int) -> tuple[Step, ...] | None:
    """Return products matched to cycles, those in which the replica reads the neuron anyway preferred."""
    replica = tables.shape.replica_of(lane)
    choices = []
    for neuron in row.inputs:
        cycles = [c for c in range(start, start + span) if tables.can_read(c, replica, neuron)]
        if not cycles:
            return None
        bank = tables.home[neuron][0]
        choices.append(sorted(cycles, key=lambda c: bank not in tables.reads[replica, c]))
    taken = _match(choices)
    if taken is None:
        return None
    return tuple(Step(cycle=c, neuron=row.inputs[i], weight=row.weights[i]) for c, i in sorted(taken.items()))


def _match(choices: Sequence[Sequence[int]]) -> dict[int, int] | None:
    """Return cycle → product, each product in one of its `choices`, or None without such a matching."""
    taken: dict[int, int] = {}

    def assign(product: int, visited: set[int]) -> bool:
        for cycle in choices[product]:
            if cycle not in visited:
                visited.add(cycle)
                if cycle not in taken or assign(taken[cycle], visited):
                    taken[cycle] = product
                    return True
        return False

    by_freedom = sorted(range(len(choices)), key=lambda i: len(choices[i]))
    return taken if all(assign(product, set()) for product in by_freedom) else None


class _Left:
    """The products of a row that are not placed yet, by bank, those readable first at the end."""

    def __init__(self, tables: Tables, row: Row) -> None:
        self.tables = tables
        self.weights = dict(zip(row.inputs, row.weights, strict=True))
        banks: dict[int, list[int]] = {}
        for neuron in sorted(row.inputs, key=lambda n: -tables.home[n][1]):
            banks.setdefault(tables.home[neuron][0], []).append(neuron)
        self.banks = list(banks.items())
        # Minus how many are left and the place in `banks`: the fullest first, of equal ones that met first.
        self.fullest = sorted((-len(neurons), index) for index, (_, neurons) in enumerate(self.banks))

    def take(self, cycle: int, replica: int) -> Step | None:
        """Remove and return a product readable then, of the bank with most left; None without one."""
        reads, home = self.tables.reads[replica, cycle], self.tables.home
        for place, (left, index) in enumerate(self.fullest):
            bank, neurons = self.banks[index]
            neuron = reads.get(bank, neurons[-1])
            if neuron in self.weights and home[neuron][1] <= cycle:
                neurons.remove(neuron)
                del self.fullest[place]
                if neurons:
                    insort(self.fullest, (left + 1, index))
                return Step(cycle=cycle, neuron=neuron, weight=self.weights.pop(neuron))
        return None


def _in_turn(tables: Tables, row: Row, lane: int, start: int, span: int) -> tuple[Step, ...] | None:
    """Return products cycle by cycle, the fullest bank's first, or None if that takes over `span` cycles."""
    left, replica = _Left(tables, row), tables.shape.replica_of(lane)
    steps = [step for cycle in range(start, start + span) if (step := left.take(cycle, replica))]
    return None if left.weights else tuple(steps)


def split_over_lanes(tables: Tables, row: Row) -> None:
    """Reserve a hidden row spread over the lanes that are free first, and its reduction."""
    tables.store(row, _capture(tables, row, _spread(tables, row, range(tables.shape.lanes))))


def emit_word(tables: Tables, rows: Sequence[Row], is_split: bool) -> None:
    """Reserve the rows of an output word, each in its own group of lanes, and their reduction.

    A row is spread over the group's lanes that are free first, or (not split) whole in the first of them.
    """
    ends = []
    for output, row in enumerate(rows):
        lanes = tables.shape.lanes_of_output(output)
        shares = _spread(tables, row, lanes) if is_split else _whole(tables, row, lanes)
        ends.append(_capture(tables, row, shares))
    tables.emit(rows[0], max(ends))


_Shares = dict[int, list[Step]]


def _whole(tables: Tables, row: Row, lanes: Sequence[int]) -> _Shares:
    """Return a row's products in the lane that is free first."""
    lane = min(lanes, key=tables.lane_free.__getitem__)
    start, span = tables.lane_free[lane], len(row.inputs)
    while (steps := _in_turn(tables, row, lane, start, span)) is None:
        span += 1
    return {lane: list(steps)}


def _spread(tables: Tables, row: Row, lanes: Sequence[int]) -> _Shares:
    """Return a row's products by lane, cycle by cycle in those that are free; what they read is reserved."""
    left = _Left(tables, row)
    shares: _Shares = {}
    first = min(lanes, key=tables.lane_free.__getitem__)
    cycle = tables.lane_free[first]
    if not left.weights:
        shares[first] = []
    while left.weights:
        for lane in (p for p in lanes if tables.lane_free[p] <= cycle):
            replica = tables.shape.replica_of(lane)
            if step := left.take(cycle, replica):
                tables.read(step, replica)
                shares.setdefault(lane, []).append(step)
        cycle += 1
    return shares


def _capture(tables: Tables, row: Row, shares: _Shares) -> int:
    """Reserve captured shares and return the last one's end.

    They end after the last reduction: a lane holds one captured sum at a time.
    """
    after, first = tables.last_reduction, next(iter(shares))
    for lane, steps in shares.items():
        end = max(tables.lane_free[lane], after + 1, *(step.cycle for step in steps))
        bias = row.bias if lane == first else 0
        tables.place(Segment(row=row, lane=lane, end=end, bias=bias, steps=tuple(steps), is_captured=True))
    return max(tables.lane_free[lane] - 1 for lane in shares)
