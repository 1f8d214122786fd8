"""The meaning of the lanes' memories, read back: the weights and starts in them, and what these compute."""

import numpy as np

from ganglion.hw.engines.delta.memories import Memories
from ganglion.hw.engines.delta.program import Program
from ganglion.hw.engines.delta.shape import UNITS_OF_LANE
from ganglion.models.reference import Ints


def interpret(program: Program, memories: Memories, inputs: Ints) -> list[Ints]:
    """Return every layer's activations of an episode's first step: [batch, in] → list of [batch, out].

    What is sent to a layer is its input's difference from zero, so the sums do not depend on the order.
    """
    spec, values = program.network.spec, np.asarray(inputs, np.int64)
    layers = []
    for index, layer in enumerate(spec.layers):
        acc = _sums(program, memories, index, values)
        if index < program.n_layers - 1:
            units, rows = program.placement.unit[index][:, 0], program.placement.row[index]
            total = acc[:, units, rows]
        else:
            total = acc[:, :, program.placement.row[index]].sum(axis=1)
        values = program.requantizations[index].apply(total) + layer.output_type.low
        layers.append(values)
    return layers


def _sums(program: Program, memories: Memories, layer: int, values: Ints) -> Ints:
    """Return the accumulators of all units: [batch, units, rows]."""
    rows, ids = program.placement.rows, 1 << program.id_bits
    first_entry = memories.layout.start_word + UNITS_OF_LANE * rows
    acc = np.zeros((len(values), program.shape.units, rows), np.int64)
    channel, number = program.channel_ids[layer]
    for lane, each in enumerate(memories.lanes):
        starts = np.array([value for value, _ in each.starts]).reshape(rows, UNITS_OF_LANE)
        acc[:, UNITS_OF_LANE * lane : UNITS_OF_LANE * (lane + 1)] = starts.T
        for column in np.flatnonzero(program.masks[channel, number, lane]):
            first, length = each.finds[channel[column] * ids + number[column]]
            for pair in each.entries[first - first_entry : first - first_entry + length]:
                for half, (weight, row) in enumerate(pair):
                    acc[:, UNITS_OF_LANE * lane + half, row] += weight * values[:, column]
    return acc
