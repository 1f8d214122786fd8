"""How many cycles a step takes, exactly: which inputs of each layer changed, and how events then go through.

Cycles are counted from a vector's first input word, cycle 0, to its last output word, neither end stalled.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ganglion.hw.engines.delta.program import Program
from ganglion.models.delta import DeltaNetwork
from ganglion.models.reference import Ints

Bools = npt.NDArray[np.bool_]

# From an event on its channel to the cycle after its walk: queue, search, walk. From there to the next scan:
# the lanes' silence is registered, and so is the next phase. From an output's row to its word: sum, queue.
WALK_CYCLES, TURN_CYCLES, OUTPUT_CYCLES = 3, 2, 2


def sent_values(network: DeltaNetwork, inputs: Ints, starts: Bools) -> list[Bools]:
    """Return what is sent to each layer in a sequence of steps: [n, in] and [n] → for each layer [n, in].

    starts: the steps that begin an episode; the first one always does.
    """
    state, steps = network.start(1), []
    for vector, is_start in zip(inputs, starts, strict=True):
        if is_start:
            state = network.start(1)
        before = list(state.sent)
        network.step(state, vector[None])
        steps.append([now[0] != then[0] for now, then in zip(state.sent, before, strict=True)])
    return [np.stack(layer) for layer in zip(*steps, strict=True)]


def step_cycles(program: Program, sent: Sequence[Bools]) -> Ints:
    """Return the cycles of each step, where `sent` says what goes to each layer: for each [n, in] → [n]."""
    outputs = len(program.network.weights[-1])
    return np.sum(layer_cycles(program, sent), axis=0) + outputs - 1 + OUTPUT_CYCLES


def layer_cycles(program: Program, sent: Sequence[Bools]) -> list[Ints]:
    """Return the cycles of each layer's products, up to the scan of its rows: for each layer [n]."""
    scans = (_scan_cycles(program, layer, sent[layer]) for layer in range(1, program.n_layers))
    return [cycles + TURN_CYCLES for cycles in (_input_cycles(program, sent[0]), *scans)]


def sequence_cycles(program: Program, inputs: Ints, starts: Bools) -> Ints:
    """Return the cycles of each step of a sequence with its episodes' starts: [n, in] and [n] → [n]."""
    return step_cycles(program, sent_values(DeltaNetwork.of(program.network), inputs, starts))


class _Lanes:
    """The lanes' walks: entries that wait, and when the last of them will have been walked."""

    def __init__(self, entries: Ints, steps: int) -> None:
        # A row more, of nothing, for no event.
        self.entries = np.vstack([entries, np.zeros_like(entries[:1])])
        self.waiting = np.zeros((steps, entries.shape[1]), np.int64)
        self.done = np.zeros(steps, np.int64)

    def cycle(self, cycle: int, events: Ints) -> None:
        """Take the events of a cycle, [n, channels] neurons, and walk an entry in each lane."""
        self.waiting += self.entries[events].sum(axis=1)
        self.done[self.waiting.any(axis=1)] = cycle + WALK_CYCLES
        self.waiting = np.maximum(self.waiting - 1, 0)


def _input_cycles(program: Program, sent: Bools) -> Ints:
    """Return when all that the inputs sent has been walked: an event of a word a cycle later."""
    steps, features = sent.shape
    lanes, words = _Lanes(program.entries[0], steps), program.input_words
    quiet = np.full(steps, words)
    cycle = 0
    while cycle <= words or lanes.waiting.any():
        first = (cycle - 1) * program.in_values
        neurons = np.arange(max(0, first), max(0, min(first + program.in_values, features)))
        here = sent[:, neurons]
        quiet = np.where(here.any(axis=1), max(words, cycle + 1), quiet)
        lanes.cycle(cycle, np.where(here, neurons, features))
        cycle += 1
    return np.maximum(quiet, lanes.done)


def _scan_cycles(program: Program, layer: int, sent: Bools) -> Ints:
    """Return how long after its start a scan's last event has been walked.

    A unit scans a row a cycle but while its event waits; a channel takes its lowest unit's.
    """
    steps, width = sent.shape
    scanned = _scan_order(program, layer)
    units, rows = scanned.shape
    fires = np.hstack([sent, np.zeros((steps, 1), np.bool_)])[:, scanned]
    lanes = _Lanes(program.entries[layer], steps)
    row, event = np.zeros((steps, units), np.int64), np.full((steps, units), width)
    every, each = np.arange(steps)[:, None], np.arange(units)
    quiet = np.zeros(steps, np.int64)
    cycle = 0
    while (is_busy := ((row < rows) | (event < width)).any(axis=1)).any() or lanes.waiting.any():
        quiet[is_busy] = cycle + 1
        taken, is_free = [], event == width
        for channel in range(program.shape.channels):
            mine = np.array(program.shape.units_of(channel))
            unit = mine[(event[:, mine] < width).argmax(axis=1)]
            taken.append(event[np.arange(steps), unit])
            is_free[np.arange(steps), unit] = True
        lanes.cycle(cycle, np.stack(taken, axis=1))
        reads = is_free & (row < rows)
        at = np.minimum(row, rows - 1)
        found = np.where(reads & fires[every, each, at], scanned[each, at], width)
        event = np.where(is_free, found, event)
        row = row + reads
        cycle += 1
    return np.maximum(quiet, lanes.done)


def _scan_order(program: Program, layer: int) -> Ints:
    """Return what a layer reads by unit and row of the scan: [units, rows] neurons; `in` for none."""
    placement, source = program.placement, layer - 1
    first, last = placement.first[source], placement.last[source]
    width = program.network.spec.widths[layer]
    scanned = np.full((program.shape.units, last - first + 1), width)
    scanned[placement.unit[source][:, 0], placement.row[source] - first] = np.arange(width)
    return scanned
