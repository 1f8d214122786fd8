"""The scheduler over columns: the order of the neurons, the bank of each, and every lane's cycles."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ganglion.hw.engines.folded.columns.placement import Placement, place_inputs
from ganglion.hw.engines.folded.columns.program import SHARES, ColumnProgram, Sum
from ganglion.hw.engines.folded.lower import LoweredNetwork, Row, lower
from ganglion.hw.engines.folded.shape import FoldedShape, check_network
from ganglion.models.reference import IntNetwork

END_BITS = (1, 2, 3)
"""Widths tried for what says that a share ends and how many neurons the lane has none of."""
CLOSE_SHARE = 0.01
"""A program that takes so much longer than the shortest is taken where its words are shorter."""
MIN_CYCLES = 2
"""Words of a program at least."""
LOOKED_AT = 64
"""Neurons among which the next is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Product:
    lane: int
    cycle: int
    address: int
    weight: int


@dataclass(slots=True, kw_only=True)
class _Lanes:
    """What the lanes were told so far; cycles count from the program's start."""

    most_absent: int
    free: list[int]
    ends: list[dict[int, int]]
    """Of each lane: by the cycle in which a share ends, how many neurons it lacks after."""
    added: list[list[int]]
    """Of each lane: when each of its shares is added."""
    lacks: list[int]
    products: list[_Product] = field(default_factory=list)

    @classmethod
    def of(cls, lanes: int, end_bits: int) -> "_Lanes":
        most_absent = (1 << end_bits) - 2
        lists: list[list[int]] = [[] for _ in range(lanes)]
        ends: list[dict[int, int]] = [{} for _ in range(lanes)]
        # Before its first share a lane has none that could say what it lacks.
        return cls(
            most_absent=most_absent, free=[0] * lanes, ends=ends, added=lists, lacks=[most_absent] * lanes
        )

    def add(self, shares: Sequence[Sequence[tuple[int, int, int]]], earliest: int) -> int:
        """Give each lane its share of a neuron and return when all are added, not before `earliest`.

        shares: of each lane, (cycle from which it can be read, address, weight), the first readable first.
        """
        present = []
        for lane, share in enumerate(shares):
            if not share and self.lacks[lane] < self.most_absent:
                self.lacks[lane] += 1
                self.ends[lane][next(reversed(self.ends[lane]))] += 1
                continue
            end = self._multiply(lane, share)
            self.ends[lane][end], self.lacks[lane] = 0, 0
            earliest = max(earliest, end)
            present.append(lane)
        for lane in present:
            self.added[lane].append(earliest)
        return earliest

    def _multiply(self, lane: int, share: Sequence[tuple[int, int, int]]) -> int:
        """Return the last cycle of a lane's share, a cycle at least; it waits until it can be kept."""
        at, added = self.free[lane], self.added[lane]
        last = max(1, len(share)) - 1
        room = added[-SHARES] + 1 if len(added) >= SHARES else 0
        for k, (ready, address, weight) in enumerate(share):
            at = max(at, ready, room if k == last else 0)
            self.products.append(_Product(lane=lane, cycle=at, address=address, weight=weight))
            at += 1
        if not share:
            at = max(at, room) + 1
        self.free[lane] = at
        return at - 1


def schedule_columns(network: IntNetwork, shape: FoldedShape) -> ColumnProgram:
    """Return the program with the shortest words of those that are about as short as the shortest.

    Raises CompileError when the engine cannot hold the network.
    """
    check_network(network, shape)
    lowered = lower(network)
    programs = [_Scheduler(lowered=lowered, shape=shape, end_bits=bits).run() for bits in END_BITS]
    close = (1 + CLOSE_SHARE) * min(program.n_cycles for program in programs)
    return min(
        (p for p in programs if p.n_cycles <= close),
        key=lambda program: (program.word_bits, program.n_cycles),
    )


@dataclass(slots=True, kw_only=True)
class _Scheduler:
    """One greedy pass, layer by layer."""

    lowered: LoweredNetwork
    shape: FoldedShape
    end_bits: int
    # Of a neuron that can be read: its bank, its address there, and from which cycle on.
    home: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    # Products that each lane has been given or is sure to get.
    load: list[int] = field(default_factory=list)

    def run(self) -> ColumnProgram:
        lowered, lanes = self.lowered, self.shape.lanes
        first = lowered.source.weights[0] != 0
        placement = place_inputs(first.sum(axis=0), lanes, self.shape.word_values_of(lowered.inputs))
        for index in range(lowered.inputs):
            self.home[index] = (*placement.home(index), 0)
        self.load = np.bincount(
            [self.home[i][0] for i in range(lowered.inputs)], weights=first.sum(axis=0), minlength=lanes
        ).tolist()
        told, count, release = _Lanes.of(lanes, self.end_bits), [0] * lanes, -1
        sums: list[Sum] = []
        added: list[int] = []
        for index, rows in enumerate(lowered.rows):
            is_last = index + 1 == len(lowered.rows)
            readers = None if is_last else (lowered.source.weights[index + 1] != 0).sum(axis=0)
            for r in range(len(rows)) if is_last else self._order(rows):
                bank = -1
                cycle = told.add(self._shares(rows[r]), added[-1] + 1 if added else 0)
                if readers is not None:
                    bank = min(range(lanes), key=lambda p: (self.load[p], count[p]))
                    self.load[bank] += int(readers[r])
                    address = placement.depth + count[bank]
                    self.home[rows[r].neuron] = (bank, address, cycle + self.shape.reduction_delay)
                    count[bank] += 1
                sums.append(Sum(neuron=rows[r].neuron, layer=index, bias=rows[r].bias, bank=bank))
                added.append(cycle)
            release = max(told.free) - 1 if index == 0 else release
        return self._program(placement, told, tuple(sums), added, release)

    def _shares(self, row: Row) -> list[list[tuple[int, int, int]]]:
        """Return what each lane multiplies for a neuron: (ready, address, weight), the first ready first."""
        shares: list[list[tuple[int, int, int]]] = [[] for _ in range(self.shape.lanes)]
        for neuron, weight in zip(row.inputs, row.weights, strict=True):
            lane, address, ready = self.home[neuron]
            shares[lane].append((ready, address, weight))
        return [sorted(share) for share in shares]

    def _order(self, rows: Sequence[Row]) -> list[int]:
        """Return the neurons in an order that keeps the lanes about as far in the program as one another."""
        counts = np.zeros((len(rows), self.shape.lanes), dtype=np.int64)
        for r, row in enumerate(rows):
            np.add.at(counts[r], [self.home[neuron][0] for neuron in row.inputs], 1)
        done, left, order = np.zeros(self.shape.lanes), list(range(len(rows))), []
        while left:
            after = done + counts[left[:LOOKED_AT]]
            chosen = left.pop(int(after.var(axis=1).argmin()))
            done += counts[chosen]
            order.append(chosen)
        return order

    def _program(
        self, placement: Placement, told: _Lanes, sums: tuple[Sum, ...], added: list[int], release: int
    ) -> ColumnProgram:
        shape = (max(MIN_CYCLES, added[-1] + 1), self.shape.lanes)
        weight, address, ends = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        for product in told.products:
            weight[product.cycle, product.lane] = product.weight
            address[product.cycle, product.lane] = product.address
        for lane, of_lane in enumerate(told.ends):
            for cycle, lacks in of_lane.items():
                ends[cycle, lane] = 1 + lacks
        adds, releases = np.zeros((2, shape[0]), dtype=np.bool_)
        adds[added], releases[max(0, release)] = True, True
        return ColumnProgram(
            shape=self.shape,
            lowered=self.lowered,
            placement=placement,
            weight=weight,
            address=address,
            ends=ends,
            adds=adds,
            release=releases,
            sums=sums,
            end_bits=self.end_bits,
        )
