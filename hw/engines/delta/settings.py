"""What the delta engine can be asked for."""

from dataclasses import dataclass

from ganglion.hw.engines.delta.shape import MAX_CHANNELS, MAX_LANES
from ganglion.hw.engines.engine import EngineSettings, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaSettings(EngineSettings):
    """How many multipliers, and how many events reach them in a cycle."""

    lanes: int = setting(8, "multipliers of the folded and the delta engine", 1, MAX_LANES)
    channels: int = setting(4, "events a cycle of the delta engine", 1, MAX_CHANNELS)
