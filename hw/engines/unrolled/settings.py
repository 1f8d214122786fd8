"""What the unrolled engine can be asked for."""

from dataclasses import dataclass

from ganglion.hw.engines.engine import EngineSettings, setting
from ganglion.hw.engines.unrolled.schedule import MAX_ADDERS
from ganglion.hw.target.family import MAX_PIPELINING


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledSettings(EngineSettings):
    """How deep the pipeline is, and which weights are accepted."""

    adders_per_stage: int | None = setting(
        None, "adders between two registers of the unrolled engine; 2, or where pipelined 1", 1, MAX_ADDERS
    )
    pipelining: int | None = setting(
        None, "1: more registers for a faster clock, 0: fewer cycles; the family's", 0, MAX_PIPELINING
    )
    csd_digits: int | None = setting(
        None, "refuse a policy of which an unrolled weight has more signed digits", 1, 4
    )
