"""The exact meaning of a program over columns: what the engine computes, word by word, in integers."""

from collections import defaultdict, deque

import numpy as np

from ganglion.hw.engines.folded.columns.program import GO_ON, ColumnProgram
from ganglion.models.reference import Ints


class _Engine:
    """The state of an engine that runs a batch of vectors side by side."""

    def __init__(self, program: ColumnProgram, inputs: Ints) -> None:
        lanes, batch = program.shape.lanes, len(inputs)
        self.program = program
        self.memory = np.zeros((lanes, 1 << program.address_bits, batch), dtype=np.int64)
        for index, values in enumerate((inputs - program.lowered.source.spec.input_type.low).T):
            self.memory[program.placement.home(index)] = values
        self.accumulator = np.zeros((lanes, batch), dtype=np.int64)
        self.shares: list[deque[tuple[int, Ints]]] = [deque() for _ in range(lanes)]
        self.lacks = [0] * lanes
        self.sums = iter(program.sums)
        self.stored = [program.placement.depth] * lanes
        self.arriving: defaultdict[int, list[tuple[int, int, Ints]]] = defaultdict(list)
        self.values: dict[int, Ints] = {}

    def step(self, cycle: int) -> None:
        program, lanes = self.program, np.arange(self.program.shape.lanes)
        for lane, address, values in self.arriving.pop(cycle, []):
            self.memory[lane, address] = values
        activations = self.memory[lanes, program.address[cycle]]
        self.accumulator += activations * program.weight[cycle][:, None]
        for lane in np.flatnonzero(program.ends[cycle] != GO_ON):
            lacks = int(program.ends[cycle, lane]) - 1
            self.shares[lane].append((lacks, self.accumulator[lane].copy()))
            self.accumulator[lane] = 0
        if program.adds[cycle]:
            self._add(cycle)

    def _add(self, cycle: int) -> None:
        total, lowered = np.zeros(self.accumulator.shape[1], dtype=np.int64), self.program.lowered
        for lane, shares in enumerate(self.shares):
            if self.lacks[lane]:
                self.lacks[lane] -= 1
            else:
                self.lacks[lane], share = shares.popleft()
                total += share
        of = next(self.sums)
        self.values[of.neuron] = lowered.requantizations[of.layer].apply(total + of.bias)
        if of.bank >= 0:
            ready = cycle + self.program.shape.reduction_delay
            self.arriving[ready].append((of.bank, self.stored[of.bank], self.values[of.neuron]))
            self.stored[of.bank] += 1


def interpret_columns(program: ColumnProgram, inputs: Ints) -> list[Ints]:
    """Return every layer's activations by the program: [batch, in] → list of [batch, out] int64."""
    engine = _Engine(program, np.asarray(inputs, dtype=np.int64))
    for cycle in range(program.n_cycles):
        engine.step(cycle)
    layers = []
    for index, layer in enumerate(program.lowered.source.spec.layers):
        start = program.lowered.first_id(index + 1)
        values = np.stack([engine.values[start + r] for r in range(layer.n_outputs)], axis=1)
        layers.append(values + layer.output_type.low)
    return layers
