"""The action head on chip: what the module `ganglion_head` makes of a network's last integers."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from ganglion.models.build.codec import STRICT

HEAD_MODULE = "ganglion_head"
HEAD_MEMORY = "mem/head.dat"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipHead:
    """`values` answers of `bits` bits a vector: real actions (float32), or the number of one (index)."""

    __pydantic_config__: ClassVar = STRICT

    type: Literal["float32", "index"]
    values: int
    bits: int
