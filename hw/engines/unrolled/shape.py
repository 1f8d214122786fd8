"""How an unrolled network is built: adders between registers, and the part's adders."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.models.build.codec import STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledShape:
    """`adders_per_stage` behind each other between registers, each of `adder_inputs` operands, 2 or 3.

    `primitives` is the family's: with "xc7" synthesis builds adders and clips of LUT6_2 and CARRY4. A clip
    shares the stage of the adders before it, or has with `pipelining` 1 one of its own.
    """

    __pydantic_config__: ClassVar = STRICT

    adders_per_stage: int = 2
    adder_inputs: int = 3
    primitives: str = "xc7"
    pipelining: int = 0

    @property
    def xc7(self) -> bool:
        """Whether synthesis is given the cells of 7-series."""
        return self.primitives == "xc7"
