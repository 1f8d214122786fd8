"""What the planar engine can be asked for."""

from dataclasses import dataclass

from ganglion.hw.engines.engine import EngineSettings, setting
from ganglion.hw.engines.planar.shape import MAX_GRID, MAX_PACKING
from ganglion.hw.engines.planar.streams import MAX_STREAMS


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanarSettings(EngineSettings):
    """How many lanes, as a grid over every feature map, how many such grids, on how many DSPs."""

    rows: int | None = setting(None, "rows of the planar engine's lanes (default: the board's)", 1, MAX_GRID)
    columns: int | None = setting(None, "columns of the planar engine's lanes (as rows)", 1, MAX_GRID)
    streams: int | None = setting(
        None, "weight streams of the planar engine, each with such a grid (as rows)", 1, MAX_STREAMS
    )
    packing: int | None = setting(
        None, "lanes of the planar engine that share a DSP slice (as rows)", 1, MAX_PACKING
    )
