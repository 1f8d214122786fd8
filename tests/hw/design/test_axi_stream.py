"""Packing is exact for every width, and refuses what does not fit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.tiling import Tiling
from ganglion.models.build.errors import CompileError
from ganglion.models.spec.types import IntType


@st.composite
def formats(draw: st.DrawFn) -> StreamFormat:
    kind = IntType(bits=draw(st.integers(1, 32)), signed=draw(st.booleans()))
    features, word_values = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    words = -(-features // word_values) + draw(st.integers(0, 2))
    width_bits = 8 * (-(-word_values * kind.bits // 8) + draw(st.integers(0, 2)))
    channels = draw(st.sampled_from([each for each in range(1, features + 1) if features % each == 0]))
    return StreamFormat(
        type=kind,
        features=features,
        word_values=word_values,
        words=words,
        width_bits=width_bits,
        channels=channels,
    )


def pack_by_hand(stream: StreamFormat, vector: list[int]) -> bytes:
    """Return the format's definition, one integer at a time."""
    positions = stream.features // stream.channels
    vector = [
        vector[index::positions][channel] for index in range(positions) for channel in range(stream.channels)
    ]
    padded = vector + [0] * (stream.word_values * stream.words - stream.features)
    data = b""
    for start in range(0, len(padded), stream.word_values):
        word = 0
        for place, value in enumerate(padded[start : start + stream.word_values]):
            word |= (value & ((1 << stream.type.bits) - 1)) << (place * stream.type.bits)
        data += word.to_bytes(stream.word_bytes, "little")
    return data


@given(formats(), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_packing_is_the_definition_and_unpacking_its_inverse(
    stream: StreamFormat, count: int, seed: int
) -> None:
    shape = (count, stream.features)
    values = np.random.default_rng(seed).integers(stream.type.low, stream.type.high + 1, shape)
    words = stream.pack(values)
    assert words.tobytes() == b"".join(pack_by_hand(stream, vector.tolist()) for vector in values)
    assert np.array_equal(stream.unpack(words), values)


def test_a_tiled_map_comes_place_by_place_from_its_lanes() -> None:
    """Two channels of 3 x 4 on 2 x 2 lanes with tiles of 2: row 3 is beyond the edge."""
    tiling = Tiling(rows=2, columns=2, tile=2, height=3, width=4)
    stream = StreamFormat(
        type=IntType.parse("UINT8"), features=24, word_values=4, words=8, width_bits=32, tiling=tiling
    )
    maps = np.arange(48).reshape(2, 24)
    words = stream.pack(maps)
    assert words[:4].tolist() == [[0, 2, 8, 10], [1, 3, 9, 11], [4, 6, 0, 0], [5, 7, 0, 0]]
    assert np.array_equal(stream.unpack(words), maps)
    assert stream.unpack(words[:5]).shape == (0, 24) and stream.pack(maps[:0]).shape == (0, 4)
    order = (4, 0, 5, 1, 2, 3, 6, 7)
    mixed = replace(stream, tiling=replace(tiling, order=order))
    assert mixed.pack(maps)[:8].tolist() == words[list(order)].tolist()
    assert np.array_equal(mixed.unpack(mixed.pack(maps)), maps)


def test_a_map_may_be_larger_than_a_word() -> None:
    sizes = {"features": 16 * 84 * 84, "word_values": 121, "words": 1024}
    assert StreamFormat(type=IntType.parse("INT8"), width_bits=968, **sizes).features == 112_896
    with pytest.raises(CompileError, match="stream: width_bits 65544: allowed from 1 to 65536"):
        StreamFormat(type=IntType.parse("INT8"), width_bits=65_544, **sizes)
    with pytest.raises(CompileError, match="stream: words 16777217: allowed from 1 to 16777216"):
        StreamFormat(type=IntType.parse("INT8"), width_bits=968, **sizes | {"words": 2**24 + 1})


def test_unpacking_cuts_a_vector_that_is_not_whole() -> None:
    stream = StreamFormat(type=IntType.parse("UINT8"), features=5, word_values=2, words=3, width_bits=16)
    words = stream.pack(np.arange(10).reshape(2, 5))
    assert np.array_equal(stream.unpack(words[:-1]), [[0, 1, 2, 3, 4]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"word_values": 0}, "allowed from 1"),
        ({"words": 2}, "2 words of 2 values cannot carry 5"),
        ({"channels": 2}, "5 features are not 2 channels"),
        ({"width_bits": 12}, "expected whole bytes, at least 16 bits"),
        ({"width_bits": 8}, "expected whole bytes, at least 16 bits"),
    ],
)
def test_impossible_formats_are_refused(change: dict[str, int], message: str) -> None:
    sizes = {"features": 5, "word_values": 2, "words": 3, "width_bits": 16} | change
    with pytest.raises(CompileError, match=message):
        StreamFormat(type=IntType.parse("UINT8"), **sizes)


def test_values_outside_the_type_are_refused() -> None:
    stream = StreamFormat(type=IntType.parse("INT8"), features=2, word_values=2, words=1, width_bits=16)
    with pytest.raises(CompileError, match="values -129 to 0 are outside INT8"):
        stream.pack(np.array([[0, -129]]))
    with pytest.raises(CompileError, match=r"expected \[n, 2\] integers"):
        stream.pack(np.array([[0, 1, 2]]))
