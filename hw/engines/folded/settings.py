"""What the folded engine can be asked for."""

from dataclasses import dataclass

from ganglion.hw.engines.engine import EngineSettings, setting
from ganglion.hw.engines.folded.shape import MAX_LANES, Multiplier


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedSettings(EngineSettings):
    """How many multipliers, and of what."""

    lanes: int = setting(8, "multipliers of the folded engine", 1, MAX_LANES)
    multiplier: Multiplier = setting(Multiplier.DSP, "what multiplies in the folded engine")
