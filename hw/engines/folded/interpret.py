"""The exact meaning of a program: what the engine computes, word by word, in integers."""

from collections import defaultdict

import numpy as np

from ganglion.hw.engines.folded.program import (
    ACCUMULATE,
    CAPTURE,
    EMIT,
    STORE,
    WAIT,
    WRITE,
    Program,
)
from ganglion.models.reference import Ints


class _Engine:
    """The state of an engine that runs a batch of vectors side by side."""

    def __init__(self, program: Program, inputs: Ints) -> None:
        banks, batch = program.shape.banks, len(inputs)
        self.program = program
        self.memory = np.zeros((banks, 1 << program.address_bits, batch), dtype=np.int64)
        width = program.in_values
        for i, values in enumerate((inputs - program.lowered.source.spec.input_type.low).T):
            self.memory[i % width, program.result_depth + i // width] = values
        self.accumulator = np.zeros((program.shape.lanes, batch), dtype=np.int64)
        self.held = np.zeros_like(self.accumulator)
        self.first = [True] * program.shape.lanes
        self.segment = [0] * program.shape.lanes
        self.arriving: defaultdict[int, list[tuple[int, Ints]]] = defaultdict(list)
        self.stored: list[list[Ints]] = [[] for _ in range(banks)]
        self.emitted: list[Ints] = []

    def step(self, cycle: int) -> None:
        for bank, values in self.arriving.pop(cycle, []):
            self.memory[bank, len(self.stored[bank]) % self.program.result_depth] = values
            self.stored[bank].append(values)
        for lane in range(self.program.shape.lanes):
            self._multiply(cycle, lane)
        self._reduce(cycle)

    def _multiply(self, cycle: int, lane: int) -> None:
        program, shape = self.program, self.program.shape
        bank = program.select[cycle, lane]
        address = program.address[cycle, shape.replica_of(lane), bank]
        product = self.memory[bank, address] * program.weight[cycle, lane]
        biases = program.biases[lane]
        if self.first[lane]:
            bias = biases[self.segment[lane]] if self.segment[lane] < len(biases) else 0
            self.accumulator[lane] = bias + product
        else:
            self.accumulator[lane] += product
        action = program.action[cycle, lane]
        self.first[lane] = action != ACCUMULATE
        self.segment[lane] += action != ACCUMULATE
        if action == CAPTURE:
            self.held[lane] = self.accumulator[lane]
        if action >= WRITE:
            bank = shape.bank_of(lane)
            self._arrive(cycle + shape.lane_delay, bank, action - WRITE, self.accumulator[lane])

    def _reduce(self, cycle: int) -> None:
        action, shape = self.program.reduction[cycle], self.program.shape
        if action == WAIT:
            return
        if action == EMIT:
            requantization = self.program.lowered.requantizations[-1]
            for output in range(shape.out_values):
                total = self.held[shape.lanes_of_output(output)].sum(axis=0)
                self.emitted.append(requantization.apply(total))
        else:
            bank = int(self.program.store_bank[cycle])
            self._arrive(cycle + shape.reduction_delay, bank, action - STORE, self.held.sum(axis=0))
        self.held[:] = 0

    def _arrive(self, cycle: int, bank: int, mode: int, acc: Ints) -> None:
        self.arriving[cycle].append((bank, self.program.lowered.modes[mode].apply(acc)))


def interpret(program: Program, inputs: Ints) -> list[Ints]:
    """Return every layer's activations by the program: [batch, in] → list of [batch, out] int64."""
    engine = _Engine(program, np.asarray(inputs, dtype=np.int64))
    for cycle in range(program.n_cycles + program.shape.reduction_delay):
        if cycle < program.n_cycles:
            engine.step(cycle)
        else:
            for bank, values in engine.arriving.pop(cycle, []):
                engine.stored[bank].append(values)
    spec = program.lowered.source.spec
    by_neuron = {
        neuron: values
        for neurons, stored in zip(program.written, engine.stored, strict=True)
        for neuron, values in zip(neurons, stored, strict=True)
    }
    first = program.lowered.first_id(len(spec.layers))
    by_neuron |= {first + index: values for index, values in enumerate(engine.emitted)}
    layers = []
    for index, layer in enumerate(spec.layers):
        start = program.lowered.first_id(index + 1)
        values = np.stack([by_neuron[start + r] for r in range(layer.n_outputs)], axis=1)
        layers.append(values + layer.output_type.low)
    return layers
