"""Integers as AXI-Stream words: the first in the low bits, whole bytes, what is left over zero."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ganglion.hw.design.tiling import Tiling
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import Ints
from ganglion.models.spec.types import IntType

Words = npt.NDArray[np.uint8]
MAX_BITS = 1 << 16
"""Of a word: a vector that every tool takes (IEEE 1800-2017, 6.9.1)."""
MAX_VALUES = 1 << 24
"""Of a vector: what a layer of three dimensions can have is more than any part holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFormat:
    """How a vector of `features` integers travels: as `words` words of `word_values`, `width_bits` wide.

    A map's `channels`, planes to the host, travel together, position by position; with a `tiling` its planes
    do, as lanes have them.
    """

    __pydantic_config__: ClassVar = STRICT

    type: IntType
    features: int
    word_values: int
    words: int
    width_bits: int
    channels: int = 1
    tiling: Tiling | None = None

    def __post_init__(self) -> None:
        for name in ("features", "word_values", "words", "width_bits", "channels"):
            most = MAX_BITS if name in ("word_values", "width_bits") else MAX_VALUES
            if not 1 <= getattr(self, name) <= most:
                raise CompileError(f"stream: {name} {getattr(self, name)}: allowed from 1 to {most}")
        if self.features % self.channels:
            raise CompileError(f"stream: {self.features} features are not {self.channels} channels")
        if self.word_values * self.words < self.features:
            raise CompileError(
                f"stream: {self.words} words of {self.word_values} values cannot carry {self.features}"
            )
        if self.width_bits % 8 or self.width_bits < self.word_values * self.type.bits:
            raise CompileError(
                f"stream: {self.width_bits} bits for {self.word_values} values of {self.type.name}: "
                f"expected whole bytes, at least {self.word_values * self.type.bits} bits"
            )

    @property
    def positions(self) -> int:
        """Positions of a map; what is none has one channel."""
        return self.features // self.channels

    @property
    def word_bytes(self) -> int:
        """Bytes of one word."""
        return self.width_bits // 8

    def pack(self, values: Ints) -> Words:
        """Return vectors as words: [n, features] int → [n * words, word_bytes] uint8.

        Raises CompileError for another shape or values outside the type.
        """
        ints = np.asarray(values, dtype=np.int64)
        if ints.ndim != 2 or ints.shape[1] != self.features:
            raise CompileError(f"stream: expected [n, {self.features}] integers, got {ints.shape}")
        if ints.size and (ints.min() < self.type.low or ints.max() > self.type.high):
            raise CompileError(f"stream: values {ints.min()} to {ints.max()} are outside {self.type.name}")
        ints = _swapped(ints, self.channels, self.positions)
        if self.tiling:
            ints = self.tiling.to_lanes(ints)
        surplus = self.word_values * self.words - ints.shape[1]
        rows = np.pad(ints, ((0, 0), (0, surplus))).reshape(-1, self.word_values)
        return _pad(rows.astype(np.uint8) if self._is_bytes else self._pack_bits(rows), self.word_bytes)

    def unpack(self, words: Words) -> Ints:
        """Return the vectors in words: [n * words, word_bytes] uint8 → [n, features] int64.

        Words of a vector that is not whole are left out.
        """
        whole = len(words) // self.words * self.words
        rows = self._unpack_bytes(words[:whole]) if self._is_bytes else self._unpack_bits(words[:whole])
        vectors = rows.reshape(-1, self.words * self.word_values)
        if self.tiling:
            vectors = self.tiling.from_lanes(vectors)
        ints = vectors[:, : self.features].astype(np.int64)
        return _swapped(ints, self.positions, self.channels)

    @property
    def _is_bytes(self) -> bool:
        return self.type.bits == 8

    def _pack_bits(self, rows: Ints) -> Words:
        bits = (rows[..., None] >> np.arange(self.type.bits)) & 1
        joined = bits.astype(np.uint8).reshape(len(rows), self.word_values * self.type.bits)
        return np.packbits(joined, axis=1, bitorder="little")

    def _unpack_bits(self, words: Words) -> Ints:
        bits = np.unpackbits(words, axis=1, bitorder="little")
        used = bits[:, : self.word_values * self.type.bits].reshape(
            len(words), self.word_values, self.type.bits
        )
        weights = 1 << np.arange(self.type.bits, dtype=np.int64)
        if self.type.signed:
            weights[-1] = -weights[-1]
        return used @ weights

    def _unpack_bytes(self, words: Words) -> npt.NDArray[np.int8] | Words:
        rows = np.ascontiguousarray(words[:, : self.word_values])
        return rows.view(np.int8) if self.type.signed else rows


def stream(kind: IntType, features: int, word_values: int, channels: int = 1) -> StreamFormat:
    """Return the stream of vectors of `features` values in words of `word_values`, of whole bytes."""
    width = -(-word_values * kind.bits // 8) * 8
    return StreamFormat(
        type=kind,
        features=features,
        word_values=word_values,
        words=-(-features // word_values),
        width_bits=width,
        channels=channels,
    )


def _swapped(vectors: Ints, outer: int, inner: int) -> Ints:
    """Return vectors [n, outer * inner] with the inner index before the outer one."""
    return vectors.reshape(len(vectors), outer, inner).swapaxes(1, 2).reshape(vectors.shape)


def _pad(words: Words, word_bytes: int) -> Words:
    """Return words [n, at most word_bytes] with zeros in their upper bytes."""
    return np.pad(words, ((0, 0), (0, word_bytes - words.shape[1])))
