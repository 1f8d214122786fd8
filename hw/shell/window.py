"""A vector as the host writes and reads it: each value in a container of 8, 16 or 32 bits, without gaps."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ganglion.hw.shell.registers import WORD_BYTES
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import Ints
from ganglion.models.spec.types import IntType

CONTAINERS = (8, 16, 32)
Words32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`values` integers in containers of `container_bits`: `words` 32-bit words from byte `offset` on.

    Value 0 is in the low bits of the first word. What the last word has beyond the values is zero. Where the
    action head is on chip, `type` says whether they are real actions or the number of one.
    """

    __pydantic_config__: ClassVar = STRICT

    type: Literal["int", "float32", "index"] = "int"
    offset: int
    values: int
    bits: int
    signed: bool
    container_bits: int
    words: int

    def __post_init__(self) -> None:
        if self.values < 1 or not 1 <= self.bits <= CONTAINERS[-1]:
            raise CompileError(
                f"window: {self.values} values of {self.bits} bits: "
                f"allowed 1 or more of 1 to {CONTAINERS[-1]} bits"
            )
        container_bits, words = _layout(self.values, self.bits)
        if (self.container_bits, self.words) != (container_bits, words):
            raise CompileError(
                f"window: {self.values} values of {self.bits} bits: expected {words} words of "
                f"{container_bits}-bit containers, got {self.words} of {self.container_bits}"
            )

    @classmethod
    def of(cls, kind: IntType, values: int, offset: int) -> "Window":
        """Return the window of `values` integers of a type."""
        container_bits, words = _layout(values, kind.bits)
        return cls(
            offset=offset,
            values=values,
            bits=kind.bits,
            signed=kind.signed,
            container_bits=container_bits,
            words=words,
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy type of a container."""
        if self.type == "float32":
            return np.dtype("<f4")
        return np.dtype(f"<{'i' if self.signed else 'u'}{self.container_bits // 8}")

    def pack(self, values: Ints) -> Words32:
        """Return vectors as words: [n, values] int → [n, words] uint32."""
        containers = np.zeros((len(values), self.words * WORD_BYTES * 8 // self.container_bits), self.dtype)
        containers[:, : self.values] = values
        return containers.view("<u4")

    def unpack(self, words: Words32) -> npt.NDArray[Any]:
        """Return the vectors in words: [n, words] uint32 → [n, values] int64, or float32."""
        values = np.ascontiguousarray(words, "<u4").view(self.dtype)[:, : self.values]
        return values if self.type == "float32" else values.astype(np.int64)


def _layout(values: int, bits: int) -> tuple[int, int]:
    """Return the bits of a container and the words that so many values of `bits` bits take."""
    container_bits = next(size for size in CONTAINERS if size >= bits)
    return container_bits, -(-values * container_bits // (8 * WORD_BYTES))
