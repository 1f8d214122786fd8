"""Feature maps in the lanes' memories: their tiles, where they lie, and what is beyond their edges."""

from dataclasses import dataclass, replace
from typing import TypeVar

from ganglion.hw.engines.planar.shape import layers_of, tiles
from ganglion.models.layers import MaxPool2d
from ganglion.models.reference import Ints
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.types import IntType

N = TypeVar("N", int, Ints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A feature map in the lanes: of each channel tile x tile values a lane, from address `first` on."""

    channels: int
    height: int
    width: int
    type: IntType
    tile: int
    edge: int
    """What is read beyond its edges: zero, but the smallest value where a pooling pads it."""
    first: int = 0

    @property
    def tile_bits(self) -> int:
        """Address bits of a row, and of a column, of a tile."""
        return (self.tile - 1).bit_length()

    @property
    def words(self) -> int:
        """Addresses that it takes; those of tiles whose size is no power of two have gaps."""
        return self.channels << 2 * self.tile_bits

    @property
    def end(self) -> int:
        """The address behind it."""
        return self.first + self.words

    def address(self, channel: N, row: N, column: N) -> N:
        """Return where a channel's value at a place in the tile lies."""
        return self.first + (((channel << self.tile_bits | row) << self.tile_bits) | column)


def maps_of(spec: NetworkSpec, tile: int) -> tuple[Map, ...]:
    """Return the maps at all boundaries, for lanes that have `tile` rows and columns of the last one.

    The input stays; another map lies there until the last layer that reads or adds it has ended, as low as it
    fits. The last one is never stored.
    """
    layers, found = layers_of(spec), list[Map]()
    last_use = _last_uses(spec)
    for boundary, size in enumerate(tiles(layers, tile)):
        channels, height, width = spec.shape(boundary)
        kind = spec.type(boundary)
        edge = kind.low if boundary < len(layers) and _is_pooled_padded(layers[boundary]) else 0
        made = Map(channels=channels, height=height, width=width, type=kind, tile=size, edge=edge)
        maker = boundary - 1
        held = [each for each, last in zip(found, last_use, strict=False) if last >= maker]
        found.append(_placed(made, held))
    return tuple(found)


def _last_uses(spec: NetworkSpec) -> list[int]:
    """Return the last layer that reads or adds each boundary; frames are kept for the next step."""
    uses = [len(spec.layers), *range(1, len(spec.layers) + 1)]
    for index in range(len(spec.layers)):
        if (residual := spec.residual(index)) is not None:
            uses[residual] = max(uses[residual], index)
    return uses


def _is_pooled_padded(reader: object) -> bool:
    return isinstance(reader, MaxPool2d) and reader.padding > 0 and not reader.pre_relu


def _placed(made: Map, held: list[Map]) -> Map:
    """Return the map as low as it overlaps none of those that are held."""
    starts = [0, *sorted(each.end for each in held)]
    for start in starts:
        if all(start >= each.end or start + made.words <= each.first for each in held):
            return replace(made, first=start)
    raise AssertionError("behind all that is held there is room")
