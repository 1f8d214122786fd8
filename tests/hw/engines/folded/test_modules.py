"""The arithmetic modules of the folded engine alone, over the extremes and ties of their operands."""

from pathlib import Path

import numpy as np

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.design import Design, Port
from ganglion.hw.engines.folded.lower import Requantization
from ganglion.hw.rtl import RTL
from ganglion.hw.sim.harness import Traffic
from ganglion.hw.target.board import find_board
from ganglion.models.reference import Ints
from ganglion.models.spec.types import IntType
from tests.hw.bare import bench_of

TOPS = Path(__file__).parents[2] / "rtl"


def answer(
    root: Path, top: str, modules: tuple[str, ...], ends: tuple[StreamFormat, StreamFormat], x: Ints
) -> Ints:
    """Return what a test top makes of vectors [n, in]: [n, out]."""
    design = Design(
        root=root,
        name=top,
        engine="test",
        board=find_board("Pynq-Z2"),
        top=top,
        sources=(*(str(RTL / f"{module}.sv") for module in modules), str(TOPS / f"{top}.sv")),
        memories={},
        input=Port(prefix="s_axis", format=ends[0]),
        output=Port(prefix="m_axis", format=ends[1]),
        taps=(),
    )
    result = bench_of(design).run(x, Traffic(), root)
    assert not result.failure
    return ends[1].unpack(result.words["m_axis"])


def stream(kind: str, features: int, width_bits: int) -> StreamFormat:
    return StreamFormat(
        type=IntType.parse(kind), features=features, word_values=features, words=1, width_bits=width_bits
    )


def test_requantize_shifts_and_saturates_at_every_edge(tmp_path: Path) -> None:
    modes = [Requantization(shift=shift, bits=bits) for shift, bits in ((6, 8), (9, 5), (0, 3), (18, 8))]
    edges = [(1 << k) + d for k in range(23) for d in (-1, 0, 1)] + [-(1 << k) for k in range(24)]
    random = np.random.default_rng(0).integers(-(1 << 23), 1 << 23, 3000)
    acc = np.concatenate([np.array([edge for edge in edges if edge < 1 << 23]), random])
    x = np.array([(value, mode) for value in acc.tolist() for mode in range(4)], dtype=np.int64)
    ends = stream("INT24", 2, 48), stream("UINT8", 1, 8)
    got = answer(tmp_path, "requantize_top", ("ganglion_requantize",), ends, x)
    want = [modes[mode].apply(np.array([value])) for value, mode in x.tolist()]
    np.testing.assert_array_equal(got, np.stack(want))


def test_mac_sums_segments_alike_in_dsp_and_luts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 4000
    first, valid = rng.random(n) < 0.2, rng.random(n) < 0.8
    first[0] = True
    act = rng.choice([0, 1, 127, 128, 255, *range(256)], n)
    weight = rng.choice([-128, -127, -1, 0, 127, *range(-128, 128)], n)
    bias = rng.integers(-(1 << 15), 1 << 15, n)
    got = answer(
        tmp_path,
        "mac_top",
        ("ganglion_adder_tree", "ganglion_mac"),
        (stream("INT16", 4, 64), stream("INT32", 2, 64)),
        np.stack([first + 2 * valid, act, weight, bias], axis=1).astype(np.int64),
    )
    total, sums = 0, []
    for starts, product, start in zip(first, act * weight * valid, bias, strict=True):
        total = product + (start if starts else total)
        sums.append(total)
    np.testing.assert_array_equal(got, np.stack([sums, sums], axis=1))
