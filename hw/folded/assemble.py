"""Turn reservations into a program: addresses, words, biases, and when the inputs are read no more."""

from collections import defaultdict

import numpy as np

from hw.folded.lower import LoweredNetwork
from hw.folded.program import (
    CAPTURE,
    EMIT,
    LANE_DELAY,
    REDUCTION_DELAY,
    STORE,
    WRITE,
    Program,
)
from hw.folded.tables import Tables


def assemble(lowered: LoweredNetwork, tables: Tables) -> Program:
    """Return the program of a complete schedule."""
    settings = tables.settings
    n_cycles = _n_cycles(tables)
    written = _written(tables)
    last_read = _last_reads(tables)
    address_bits = _address_bits(lowered, tables, written, last_read)
    result_depth = (1 << address_bits) - -(-lowered.inputs // settings.banks)
    place = {neuron: k % result_depth for bank in written for k, (_, neuron) in enumerate(bank)}
    place |= {i: result_depth + i // settings.banks for i in range(lowered.inputs)}
    mode_of = [lowered.modes.index(r) if r in lowered.modes else -1 for r in lowered.requantizations]
    weight, select, action = (np.zeros((n_cycles, settings.lanes), dtype=np.int64) for _ in range(3))
    address = np.zeros((n_cycles, settings.copies, settings.banks), dtype=np.int64)
    for segment in tables.segments:
        for step in segment.steps:
            bank = tables.home[step.neuron][0]
            weight[step.cycle, segment.lane], select[step.cycle, segment.lane] = step.weight, bank
            address[step.cycle, settings.copy_of(segment.lane), bank] = place[step.neuron]
        action[segment.end, segment.lane] = (
            CAPTURE if segment.is_captured else WRITE + mode_of[segment.row.layer]
        )
    reduction, store_bank = np.zeros((2, n_cycles), dtype=np.int64)
    for event in tables.reductions:
        reduction[event.cycle] = EMIT if event.bank < 0 else STORE + mode_of[event.row.layer]
        store_bank[event.cycle] = max(event.bank, 0)
    release = np.zeros(n_cycles, dtype=np.bool_)
    release[max((cycle for neuron, cycle in last_read.items() if neuron < lowered.inputs), default=0)] = True
    biases: list[list[int]] = [[] for _ in range(settings.lanes)]
    for segment in tables.segments:
        biases[segment.lane].append(segment.bias)
    return Program(
        settings=settings,
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
    """Return the number of words; a bank's counter starts over with the program: no store comes after."""
    later = REDUCTION_DELAY - LANE_DELAY
    ends = [segment.end for segment in tables.segments]
    ends += [event.cycle + (later if event.bank >= 0 else 0) for event in tables.reductions]
    return max(ends) + 1


def _written(tables: Tables) -> list[list[tuple[int, int]]]:
    """Return, for each bank, (first cycle that may read it, neuron) by time."""
    written: list[list[tuple[int, int]]] = [[] for _ in range(tables.settings.banks)]
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


def _address_bits(
    lowered: LoweredNetwork, tables: Tables, written: list[list[tuple[int, int]]], last_read: dict[int, int]
) -> int:
    """Return the fewest address bits with which results, in turn, overwrite nothing still needed."""
    input_words = -(-lowered.inputs // tables.settings.banks)
    bits = max(1, input_words.bit_length())
    while not _can_reuse(written, last_read, (1 << bits) - input_words):
        bits += 1
    return bits


def _can_reuse(written: list[list[tuple[int, int]]], last_read: dict[int, int], depth: int) -> bool:
    return all(
        last_read.get(before, 0) < ready_after
        for bank in written
        for (_, before), (ready_after, _) in zip(bank, bank[depth:], strict=False)
    )
