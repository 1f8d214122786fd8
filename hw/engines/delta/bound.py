"""The most cycles that a step can take, whatever it is sent.

Inputs come in a known order, and a lane that has events is never idle, so the step in which all inputs change
takes the longest. In a scan of a layer's rows the order of events depends on which rows change. But a cycle in
which a channel takes no event is one in which no unit of it waits and each reads a row; counting rows to be read
and events to be taken together, every cycle but the first takes one off, on average: a channel's last event is
taken at most as many cycles after the scan's start as its units have rows. And a lane that is last idle
before cycle s has left to walk, at most, what came from then on: the longest of its columns from each channel, an
event a cycle.
"""

import numpy as np

from ganglion.hw.engines.delta.cycles import (
    OUTPUT_CYCLES,
    TURN_CYCLES,
    WALK_CYCLES,
    input_cycles,
)
from ganglion.hw.engines.delta.program import Program
from ganglion.models.reference import Ints


def bound(program: Program) -> int:
    """Return the cycles that no step exceeds, from its first input word to its last output word."""
    outputs = len(program.network.weights[-1])
    return sum(phase_bounds(program)) + TURN_CYCLES + outputs - 1 + OUTPUT_CYCLES


def phase_bounds(program: Program) -> list[int]:
    """Return the most cycles for the products of each layer, up to the scan of its rows."""
    inputs = input_cycles(program, np.ones((1, program.network.spec.widths[0]), np.bool_))
    return [int(inputs[0]), *(TURN_CYCLES + _scan_bound(program, k) for k in range(1, program.n_layers))]


def _scan_bound(program: Program, layer: int) -> int:
    rows = program.placement.last[layer - 1] - program.placement.first[layer - 1] + 1
    last = max(len(program.shape.units_of(c)) for c in range(program.shape.channels)) * rows
    longest = max(_walked(program, layer, lane, rows) for lane in range(program.shape.lanes))
    return max(last + 1, longest - 1 + WALK_CYCLES)


def _walked(program: Program, layer: int, lane: int, rows: int) -> int:
    """Return the cycle, counted from the scan's start, before which a lane has walked all that can come."""
    channel, _ = program.channel_ids[layer]
    entries = program.entries[layer][:, lane]
    shape = program.shape
    lasts = [len(shape.units_of(c)) * rows for c in range(shape.channels)]
    coming = np.zeros(max(lasts) + 1, np.int64)
    for each, last in enumerate(lasts):
        coming[: last + 1] += _longest(entries[channel == each], last)[::-1]
    # An event of cycle s, 1 or later, and all that comes from then on: s + what is to be walked.
    ends = np.arange(1, len(coming) + 1)[: len(coming) - 1] + coming[:-1]
    return int(ends[coming[:-1] > 0].max(initial=0))


def _longest(entries: Ints, most: int) -> Ints:
    """Return the sum of the k longest columns for k from 0 to `most`: [most + 1]."""
    longest = np.sort(entries)[::-1][:most]
    sums = np.concatenate([[0], np.cumsum(longest)])
    return np.concatenate([sums, np.full(most + 1 - len(sums), sums[-1])])
