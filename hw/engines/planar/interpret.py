"""The meaning of a program: the lanes' memories, addresses and neighbours, read word by word."""

import numpy as np

from ganglion.hw.engines.planar.program import Map, Program
from ganglion.models.reference import Ints


def interpret(program: Program, inputs: Ints) -> list[Ints]:
    """Return every layer's map as the lanes compute it: [batch, *in] → list of [batch, channels, H, W]."""
    first, n = program.maps[0], len(inputs)
    memory = np.zeros((n, program.bank_rows, program.bank_columns, program.depth), np.int64)
    _store(memory, first, np.asarray(inputs).reshape(n, first.channels, first.height, first.width))
    results = []
    for index, target in enumerate(program.maps[1:]):
        values = _layer(program, index, memory)
        results.append(values)
        if target is not program.maps[-1]:
            _store(memory, target, values)
    return results


def _store(memory: Ints, target: Map, values: Ints) -> None:
    """Put a map [batch, channels, H, W] where the lanes have it, zeros beyond its edges."""
    n, rows, columns, _ = memory.shape
    tile, channels = target.tile, target.channels
    whole = np.zeros((n, channels, rows * tile, columns * tile), np.int64)
    whole[:, :, : target.height, : target.width] = values
    tiled = whole.reshape(n, channels, rows, tile, columns, tile).transpose(0, 2, 4, 1, 3, 5)
    place = np.ix_(np.arange(channels), np.arange(tile), np.arange(tile))
    memory[..., target.address(*place)] = tiled


def _layer(program: Program, index: int, memory: Ints) -> Ints:
    layer, source, target = program.layers[index], program.maps[index], program.maps[index + 1]
    rows, columns, tile = program.shape.rows, program.shape.columns, target.tile
    shape = (len(memory), layer.out_channels, rows * tile, columns * tile)
    sums = np.zeros(shape, np.int64)
    sums += program.starts[index][:, None, None]
    for channel, words in enumerate(program.words[index]):
        for row in range(tile):
            for column in range(tile):
                lanes = sums[:, channel, row::tile, column::tile]
                for word in words:
                    (down, at_row), (right, at_column) = (
                        divmod(layer.stride * place + offset - layer.padding, source.tile)
                        for place, offset in ((row, word.row), (column, word.column))
                    )
                    address = source.address(word.channel, at_row, at_column)
                    read = _moved(memory[..., address], down, right, rows, columns)
                    lanes += (word.weight << program.lifts[index]) * read
    values = program.requantizations[index].apply(sums) + layer.output_type.low
    return values[:, :, : target.height, : target.width]


def _moved(plane: Ints, down: int, right: int, rows: int, columns: int) -> Ints:
    """Return what each lane reads in the lane `down` and `right` of it: [batch, rows, columns]."""
    _, bank_rows, bank_columns = plane.shape
    before_y, before_x = max(0, -down), max(0, -right)
    after_y, after_x = max(0, rows + down - bank_rows), max(0, columns + right - bank_columns)
    padded = np.pad(plane, ((0, 0), (before_y, after_y), (before_x, after_x)))
    y, x = down + before_y, right + before_x
    return padded[:, y : y + rows, x : x + columns]
