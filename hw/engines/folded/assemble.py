"""Turn reservations into a program: addresses, words, biases, and when the inputs are read no more."""

from collections import defaultdict

import numpy as np

from ganglion.hw.engines.folded.lower import LoweredNetwork
from ganglion.hw.engines.folded.program import (
    CAPTURE,
    EMIT,
    STORE,
    WRITE,
    Program,
)
from ganglion.hw.engines.folded.tables import Tables


def assemble(lowered: LoweredNetwork, tables: Tables) -> Program:
    """Return the program of a complete schedule."""
    shape = tables.shape
    n_cycles, input_words = _n_cycles(tables), tables.input_words
    written = _written(tables)
    last_read = _last_reads(tables)
    address_bits = _address_bits(tables, written, last_read)
    result_depth = (1 << address_bits) - input_words
    place = {neuron: k % result_depth for bank in written for k, (_, neuron) in enumerate(bank)}
    width = shape.word_values_of(lowered.inputs)
    place |= {i: result_depth + i // width for i in range(lowered.inputs)}
    mode_of = [lowered.modes.index(r) if r in lowered.modes else -1 for r in lowered.requantizations]
    weight, select, action = (np.zeros((n_cycles, shape.lanes), dtype=np.int64) for _ in range(3))
    address = np.zeros((n_cycles, shape.replicas, shape.banks), dtype=np.int64)
    for segment in tables.segments:
        for step in segment.steps:
            bank = tables.home[step.neuron][0]
            weight[step.cycle, segment.lane], select[step.cycle, segment.lane] = step.weight, bank
            address[step.cycle, shape.replica_of(segment.lane), bank] = place[step.neuron]
        action[segment.end, segment.lane] = (
            CAPTURE if segment.is_captured else WRITE + mode_of[segment.row.layer]
        )
    reduction, store_bank = np.zeros((2, n_cycles), dtype=np.int64)
    for event in tables.reductions:
        reduction[event.cycle] = EMIT if event.bank < 0 else STORE + mode_of[event.row.layer]
        store_bank[event.cycle] = max(event.bank, 0)
    release = np.zeros(n_cycles, dtype=np.bool_)
    read = [cycle for neuron, cycle in last_read.items() if neuron < lowered.inputs]
    release[max([input_words - 1, *read])] = True
    biases: list[list[int]] = [[] for _ in range(shape.lanes)]
    for segment in tables.segments:
        biases[segment.lane].append(segment.bias)
    return Program(
        shape=shape,
        lowered=lowered,
        weight=weight,
        select=select,
        action=action,
        address=address,
        reduction=reduction,
        store_bank=store_bank,
        release=release,
        biases=tuple(tuple(lane) for lane in biases),
        written=tuple(tuple(neuron for _, neuron in bank) for bank in written),
        address_bits=address_bits,
    )


def _n_cycles(tables: Tables) -> int:
    """Return the number of words: all inputs are awaited, and one, and a bank's counter starts over after."""
    later = tables.shape.reduction_delay - tables.shape.lane_delay
    ends = [segment.end for segment in tables.segments]
    ends += [event.cycle + (later if event.bank >= 0 else 0) for event in tables.reductions]
    return max([tables.input_words, *ends]) + 1


def _written(tables: Tables) -> list[list[tuple[int, int]]]:
    """Return, for each bank, (first cycle that may read it, neuron) by time."""
    written: list[list[tuple[int, int]]] = [[] for _ in range(tables.shape.banks)]
    results = [segment.row.neuron for segment in tables.segments if not segment.is_captured]
    results += [event.row.neuron for event in tables.reductions if event.bank >= 0]
    for neuron in results:
        bank, ready = tables.home[neuron]
        written[bank].append((ready, neuron))
    return [sorted(bank) for bank in written]


def _last_reads(tables: Tables) -> dict[int, int]:
    last: defaultdict[int, int] = defaultdict(int)
    for segment in tables.segments:
        for step in segment.steps:
            last[step.neuron] = max(last[step.neuron], step.cycle)
    return last


def _address_bits(tables: Tables, written: list[list[tuple[int, int]]], last_read: dict[int, int]) -> int:
    """Return the fewest address bits with which results, in turn, overwrite nothing still needed."""
    input_words = tables.input_words
    needed = {neuron: _needed_until(cycle, tables) for neuron, cycle in last_read.items()}
    bits = max(1, input_words.bit_length())
    while not _can_reuse(written, needed, (1 << bits) - input_words):
        bits += 1
    return bits


def _needed_until(last_read: int, tables: Tables) -> int:
    """Return when a neuron may be overwritten: results of words before may come while its reader waits."""
    return last_read + tables.shape.reduction_delay if last_read < tables.input_words else last_read


def _can_reuse(written: list[list[tuple[int, int]]], needed: dict[int, int], depth: int) -> bool:
    return all(
        needed.get(before, 0) < ready_after
        for bank in written
        for (_, before), (ready_after, _) in zip(bank, bank[depth:], strict=False)
    )
