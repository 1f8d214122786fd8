"""How a planar engine is built: a grid of lanes, each with a tile of the last map, for each weight stream."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import ClassVar

from ganglion.hw.engines.check import check_types
from ganglion.hw.engines.planar.streams import MAX_STREAMS
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.layers import Conv2d, MaxPool2d
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.network import NetworkSpec

MAX_GRID, MAX_PACKING = 32, 2
MAX_TILE = 64
"""Rows, and columns, of the largest tile: the input's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanarShape:
    """The grid of an engine: lane (r, c) has rows r*tile .. and columns c*tile .. of the last map.

    Each weight stream has such a grid, and `packing` lanes of it share a multiplier.
    """

    __pydantic_config__: ClassVar = STRICT

    rows: int
    columns: int
    tile: int
    streams: int = 1
    packing: int = 1

    def __post_init__(self) -> None:
        limits = {"rows": MAX_GRID, "columns": MAX_GRID, "tile": MAX_TILE}
        for name, high in (limits | {"streams": MAX_STREAMS, "packing": MAX_PACKING}).items():
            if not 1 <= getattr(self, name) <= high:
                raise CompileError(f"planar: {name} = {getattr(self, name)} is outside 1 to {high}")

    @property
    def lanes(self) -> int:
        """Lanes of all streams."""
        return self.rows * self.columns * self.streams

    @property
    def multipliers(self) -> int:
        """Multipliers: one that has no other lane to share with has its own."""
        return -(-self.rows * self.columns // self.packing) * self.streams


def layers_of(spec: NetworkSpec) -> tuple[Conv2d | MaxPool2d, ...]:
    """Return the layers of a network of convolutions and poolings; CompileError says what is in the way."""
    found: list[Conv2d | MaxPool2d] = []
    for index, layer in enumerate(spec.layers):
        if not isinstance(layer, Conv2d | MaxPool2d) or spec.source(index) != index:
            what = "skips the layer before" if isinstance(layer, Conv2d | MaxPool2d) else f"is {layer.kind!r}"
            raise CompileError(
                f"planar: {layer.name} {what}; allowed are convolutions and poolings, each of which reads "
                "the one before; name another engine for it"
            )
        found.append(layer)
        if (residual := spec.residual(index)) is not None:
            _check_residual(spec, found[residual:], residual)
    first = found[0]
    if isinstance(first, MaxPool2d) and first.padding and spec.input_type.signed and not first.pre_relu:
        raise CompileError(
            f"planar: {first.name} pads the input, beyond whose edges lanes hold zeros and not its smallest "
            "value; put a convolution before it, or take unsigned inputs"
        )
    return tuple(found)


def _check_residual(spec: NetworkSpec, between: list[Conv2d | MaxPool2d], residual: int) -> None:
    """Raise CompileError unless the layers between a map and where it is added leave its tile as it is."""
    name, adds = between[-1].name, spec.name(residual)
    if residual == 0:
        raise CompileError(f"planar: {name} adds the input; allowed are the maps of layers before it")
    if strided := next((layer for layer in between if layer.stride > 1), None):
        raise CompileError(
            f"planar: {name} adds {adds}, but {strided.name} between them has a stride of {strided.stride}, "
            "so that lanes have other tiles of both; allowed are strides of 1"
        )


def check_network(network: IntNetwork) -> None:
    """Raise CompileError, with what would work, when the engine cannot hold the network."""
    layers_of(network.spec)
    if network.spec.thresholds is not None:
        raise CompileError("planar: the policy has thresholds; take one without")
    check_types("planar", network, stores_outputs=True)


def tiles(layers: tuple[Conv2d | MaxPool2d, ...], tile: int) -> tuple[int, ...]:
    """Return the rows, which are the columns, of a lane's tile at every boundary: a stride times the next."""
    found = [tile]
    for layer in reversed(layers):
        found.append(found[-1] * layer.stride)
    return tuple(reversed(found))


def shapes(network: IntNetwork) -> Iterator[PlanarShape]:
    """Yield the grids that a network can have, largest first, each with the smallest tile.

    CompileError names a map for which no grid is large enough.
    """
    layers, before = layers_of(network.spec), None
    largest = MAX_TILE // tiles(layers, 1)[0]
    if not largest:
        raise CompileError(
            f"planar: the layers' strides make {tiles(layers, 1)[0]} rows of the input one of the last map, "
            f"allowed {MAX_TILE}; leave out a stride or a pooling"
        )
    for tile in range(1, largest + 1):
        grid = [max(needed) for needed in zip(*_lanes(layers, tile), strict=True)]
        if max(grid) <= MAX_GRID and grid != before:
            yield PlanarShape(rows=grid[0], columns=grid[1], tile=tile)
            before = grid
    if before is None:
        needed, layer = max(zip(map(max, _lanes(layers, largest)), layers, strict=True), key=itemgetter(0))
        _, height, width = layer.out_shape
        raise CompileError(
            f"planar: {layer.name}'s map of {height} x {width} takes {needed} rows or columns of lanes with "
            f"the largest tiles, allowed {MAX_GRID}; put a stride or a pooling before it"
        )


def _lanes(layers: tuple[Conv2d | MaxPool2d, ...], tile: int) -> list[tuple[int, int]]:
    """Return the rows and columns of lanes that each layer's map takes."""
    sizes = zip(layers, tiles(layers, tile)[1:], strict=True)
    return [(-(-layer.out_shape[1] // size), -(-layer.out_shape[2] // size)) for layer, size in sizes]


def check_streams(network: IntNetwork, shape: PlanarShape) -> None:
    """Raise CompileError when a layer has fewer output channels than there are weight streams."""
    for layer in layers_of(network.spec):
        if (channels := layer.out_shape[0]) < shape.streams:
            raise CompileError(
                f"planar: {layer.name} has {channels} output channel, but each of {shape.streams} weight "
                f"streams needs one; set {spelled('streams', 1)}"
            )


def find_shapes(
    network: IntNetwork,
    rows: int | None = None,
    columns: int | None = None,
    streams: int | None = None,
    packing: int | None = None,
) -> tuple[PlanarShape, ...]:
    """Return the shapes of so many rows, columns, weight streams and lanes a multiplier, the fastest first.

    None is any. CompileError names the grids that there are, or the layer that streams cannot share.
    """
    known = tuple(shapes(network))
    grids = [each for each in known if rows in (None, each.rows) and columns in (None, each.columns)]
    if not grids:
        asked = " ".join(spelled(n, v) for n, v in (("rows", rows), ("columns", columns)) if v is not None)
        names = ", ".join(f"{shape.rows} x {shape.columns}" for shape in known)
        raise CompileError(f"planar: {asked}: no grid of the maps; there are, rows x columns, {names}")
    if streams is None:
        channels = min(layer.out_shape[0] for layer in layers_of(network.spec))
        numbers = range(1, 1 + min(MAX_STREAMS, channels))
    else:
        check_streams(network, replace(grids[0], streams=streams))
        numbers = range(streams, streams + 1)
    packings = range(1, 1 + MAX_PACKING) if packing is None else (packing,)
    found = [
        replace(grid, streams=number, packing=on_each)
        for grid in grids
        for number in numbers
        for on_each in packings
    ]
    return tuple(sorted(found, key=lambda each: (each.tile**2 / each.streams, each.packing)))
