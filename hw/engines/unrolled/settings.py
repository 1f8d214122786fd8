"""What the unrolled engine can be asked for."""

from dataclasses import dataclass

from ganglion.hw.engines.engine import EngineSettings, setting
from ganglion.hw.engines.unrolled.schedule import MAX_ADDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledSettings(EngineSettings):
    """How deep the pipeline is, and which weights are accepted."""

    adders_per_stage: int = setting(2, "adders between two registers of the unrolled engine", 1, MAX_ADDERS)
    csd_digits: int | None = setting(
        None, "refuse a policy of which an unrolled weight has more signed digits", 1, 4
    )
