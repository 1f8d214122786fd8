"""What the folded engine can be asked for."""

from dataclasses import dataclass

from ganglion.hw.engines.engine import EngineSettings, setting
from ganglion.hw.engines.folded.shape import MAX_LANES, Multiplier
from ganglion.hw.target.family import MAX_PIPELINING


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedSettings(EngineSettings):
    """How many multipliers, of what, and how far a clock reaches."""

    lanes: int = setting(8, "multipliers of the folded and the delta engine", 1, MAX_LANES)
    multiplier: Multiplier = setting(Multiplier.DSP, "what multiplies in the folded engine")
    pipelining: int | None = setting(
        None, "1: more registers for a faster clock, 0: fewer cycles; the family's", 0, MAX_PIPELINING
    )
