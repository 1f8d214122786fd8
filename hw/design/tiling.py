"""How a map's values come from a grid of lanes, each of which has a tile of it."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ganglion.models.build.codec import STRICT

Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiling:
    """A map of `height` x `width` positions on a grid of lanes, lane (r, c) with those from (r, c) * tile on.

    A channel is a value of every lane for each place in the tile; what is beyond the map's edges means
    nothing. `order` has the channels' places as they come, channel * tile^2 + place of each; None: ascending.
    """

    __pydantic_config__: ClassVar = STRICT

    rows: int
    columns: int
    tile: int
    height: int
    width: int
    order: tuple[int, ...] | None = None

    @property
    def values(self) -> int:
        """Values of a channel, those beyond the edges included."""
        return self.rows * self.columns * self.tile**2

    def to_lanes(self, maps: Values) -> Values:
        """Return maps in C order as lanes have them, zeros beyond the edges: [n, map] → [n, values]."""
        channels = maps.shape[1] // (self.height * self.width)
        planes = maps.reshape(len(maps), channels, self.height, self.width)
        down, right = self.rows * self.tile - self.height, self.columns * self.tile - self.width
        whole = np.pad(planes, ((0, 0), (0, 0), (0, down), (0, right)))
        tiled = whole.reshape(*planes.shape[:2], self.rows, self.tile, self.columns, self.tile)
        by_place = tiled.transpose(0, 1, 3, 5, 2, 4).reshape(
            len(maps), channels * self.tile**2, self.rows * self.columns
        )
        came = by_place if self.order is None else by_place[:, self.order]
        return came.reshape(len(maps), channels * self.values)

    def from_lanes(self, values: Values) -> Values:
        """Return what lanes have as maps in C order: [n, values] → [n, map]."""
        channels = values.shape[1] // self.values
        came = values.reshape(len(values), channels * self.tile**2, self.rows * self.columns)
        by_place = came if self.order is None else came[:, np.argsort(self.order)]
        tiled = by_place.reshape(len(values), channels, self.tile, self.tile, self.rows, self.columns)
        whole = tiled.transpose(0, 1, 4, 2, 5, 3)
        planes = whole.reshape(len(values), channels, self.rows * self.tile, self.columns * self.tile)
        planes = planes[:, :, : self.height, : self.width]
        return planes.reshape(len(values), channels * self.height * self.width)
