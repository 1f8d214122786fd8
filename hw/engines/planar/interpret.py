"""The meaning of a program: the lanes' memories, addresses and neighbours, read word by word."""

import numpy as np

from ganglion.hw.engines.planar.maps import Map
from ganglion.hw.engines.planar.program import Program
from ganglion.hw.engines.planar.shape import PlanarShape
from ganglion.hw.engines.planar.words import Word
from ganglion.models.layers import MaxPool2d
from ganglion.models.reference import Ints


def interpret(program: Program, inputs: Ints) -> list[Ints]:
    """Return every layer's map as the lanes compute it: [batch, *in] → list of [batch, channels, H, W]."""
    first, n = program.maps[0], len(inputs)
    memory = np.zeros((program.depth, n, program.bank_rows, program.bank_columns), np.int64)
    _store(memory, first, np.asarray(inputs).reshape(n, first.channels, first.height, first.width))
    results = []
    for index, target in enumerate(program.maps[1:]):
        values = _layer(program, index, memory)
        results.append(values)
        if target is not program.maps[-1]:
            _store(memory, target, values[:, program.order(index + 1)])
    return results


def _store(memory: Ints, target: Map, values: Ints) -> None:
    """Put a map [batch, channels, H, W], its channels in the lanes' order, where the lanes have it."""
    _, n, rows, columns = memory.shape
    tile, channels = target.tile, target.channels
    whole = np.full((n, channels, rows * tile, columns * tile), target.edge)
    whole[:, :, : target.height, : target.width] = values
    tiled = whole.reshape(n, channels, rows, tile, columns, tile).transpose(1, 3, 5, 0, 2, 4)
    place = np.ix_(np.arange(channels), np.arange(tile), np.arange(tile))
    memory[target.address(*place)] = tiled


def _layer(program: Program, index: int, memory: Ints) -> Ints:
    layer, target = program.layers[index], program.maps[index + 1]
    rows, columns, tile = program.shape.rows, program.shape.columns, target.tile
    sums = np.zeros((memory.shape[1], target.channels, rows * tile, columns * tile), np.int64)
    sums += program.starts[index][:, None, None]
    for channel, words in enumerate(program.words[index]):
        for place in np.ndindex(tile, tile):
            values = [_read(program, index, memory, word, place) for word in words]
            if program.residual(index) is not None:
                values[-1] = _added(program, index, memory, words[-1], place)
            if isinstance(layer, MaxPool2d):
                values = np.maximum.accumulate(values)
            products = [
                (word.weight << program.lifts[index]) * value
                for word, value in zip(words, values, strict=True)
            ]
            sums[:, channel, place[0] :: tile, place[1] :: tile] += sum(products)
    results = program.requantizations[index].apply(sums) + layer.output_type.low
    return results[:, :, : target.height, : target.width]


def _read(program: Program, index: int, memory: Ints, word: Word, place: tuple[int, ...]) -> Ints:
    """Return what a word's lanes read of a layer's source: [batch, rows, columns]."""
    layer, source = program.layers[index], program.maps[index]
    (down, row), (right, column) = (
        divmod(layer.stride * at + offset - layer.padding, source.tile)
        for at, offset in zip(place, (word.row, word.column), strict=True)
    )
    plane = memory[source.address(word.channel, row, column)]
    read = _moved(plane, down, right, program.shape, source.edge)
    return np.maximum(read, 0) if layer.pre_relu else read


def _added(program: Program, index: int, memory: Ints, word: Word, place: tuple[int, ...]) -> Ints:
    """Return what a residual's word reads, in each lane's own place: [batch, rows, columns]."""
    residual, shape = program.residual(index), program.shape
    assert residual is not None
    return memory[residual.address(word.channel, *place)][:, : shape.rows, : shape.columns]


def _moved(plane: Ints, down: int, right: int, shape: PlanarShape, edge: int) -> Ints:
    """Return what each lane reads in the lane `down` and `right` of it: [batch, rows, columns]."""
    moved = np.full((len(plane), shape.rows, shape.columns), edge)
    first_y, first_x = max(0, -down), max(0, -right)
    inside = plane[:, first_y + down : shape.rows + down, first_x + right : shape.columns + right]
    _, rows, columns = inside.shape
    moved[:, first_y : first_y + rows, first_x : first_x + columns] = inside
    return moved
