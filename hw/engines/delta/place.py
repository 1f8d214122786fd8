"""Where neurons live: a hidden one in a unit, half a lane; an output has a share in every unit.

A lane works on a column as long as its fuller unit, so rows that read the same neurons best share a lane.
"""

from dataclasses import dataclass

import numpy as np

from ganglion.hw.engines.delta.shape import UNITS_OF_LANE, DeltaShape
from ganglion.models.reference import IntNetwork, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """For each layer the unit of every weight, [out, in], and the row of every neuron in its units, [out].

    A unit's rows are numbered through the layers: `first[k]` is the first of layer k, `last[k]` the last one
    that any unit has.
    """

    unit: tuple[Ints, ...]
    row: tuple[Ints, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Rows of a unit."""
        return self.last[-1] + 1

    def entries(self, layer: int, weight: Ints, shape: DeltaShape) -> Ints:
        """Return the pairs of weights that a lane has of each column: [in, lanes]."""
        count = np.zeros((shape.units, weight.shape[1]), np.int64)
        out, column = np.nonzero(weight)
        np.add.at(count, (self.unit[layer][out, column], column), 1)
        return count.reshape(shape.lanes, UNITS_OF_LANE, -1).max(axis=1).T


def place(network: IntNetwork, shape: DeltaShape) -> Placement:
    """Return a placement that balances the lanes, if every input of a layer changes."""
    unit, row, first, last = [], [], [], []
    at = 0
    for weight in network.weights[:-1]:
        units, rows = _place_hidden(weight != 0, shape)
        unit.append(np.broadcast_to(units[:, None], weight.shape))
        row.append(at + rows)
        first.append(at)
        at += int(rows.max()) + 1
        last.append(at - 1)
    weight = network.weights[-1]
    unit.append(_place_outputs(weight != 0, shape))
    row.append(at + np.arange(len(weight)))
    return Placement(unit=tuple(unit), row=tuple(row), first=(*first, at), last=(*last, at + len(weight) - 1))


def _place_hidden(reads: np.ndarray, shape: DeltaShape) -> tuple[Ints, Ints]:
    """Return unit and row of each neuron, the fullest first into the lane that is done first with it."""
    n_out, n_in = reads.shape
    most = -(-n_out // shape.units)
    count = np.zeros((shape.lanes, UNITS_OF_LANE, n_in), np.int64)
    used = np.zeros((shape.lanes, UNITS_OF_LANE), np.int64)
    units, rows = np.zeros((2, n_out), np.int64)
    for neuron in np.argsort(-reads.sum(axis=1), kind="stable"):
        before = count.max(axis=1).sum(axis=1)
        after = np.maximum(count[:, ::-1], count + reads[neuron]).sum(axis=2)
        full = used >= most
        order = np.lexsort((used.ravel(), (after - before[:, None]).ravel(), after.ravel(), full.ravel()))
        lane, half = divmod(int(order[0]), UNITS_OF_LANE)
        units[neuron], rows[neuron] = order[0], used[lane, half]
        count[lane, half] += reads[neuron]
        used[lane, half] += 1
    return units, rows


def _place_outputs(reads: np.ndarray, shape: DeltaShape) -> Ints:
    """Return the unit of each weight: a column in one lane, its weights dealt to both units."""
    units = np.zeros(reads.shape, np.int64)
    load = np.zeros(shape.lanes, np.int64)
    for column in np.argsort(-reads.sum(axis=0), kind="stable"):
        outputs = np.flatnonzero(reads[:, column])
        lane = int(load.argmin())
        units[outputs, column] = UNITS_OF_LANE * lane + np.arange(len(outputs)) % UNITS_OF_LANE
        load[lane] += -(-len(outputs) // UNITS_OF_LANE)
    return units
