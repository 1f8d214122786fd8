"""The planar RTL equals the reference in every map of every frame, in exactly the model's cycles."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.planar.plan import plan
from ganglion.hw.engines.planar.shape import shapes
from ganglion.hw.sim.harness import Traffic
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.planar.nets import (
    Conv,
    Pool,
    chain,
    frame_vectors,
    nature_convolutions,
    residual_stack,
    resnet_convolutions,
    toy_convolutions,
    with_kernels,
)
from tests.hw.traffic import reset_at, run_and_check, stalled

Case = tuple[IntNetwork, int]
"""A network, and which of its grids: 0 is the largest."""


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _corners() -> IntNetwork:
    """Return a constant channel, an empty kernel and full ones; signed maps, a padded and an odd one."""
    convs = (
        Conv(channels=5, kernel=3, stride=2, padding=1, output="INT8", shift=10),
        Conv(channels=3, kernel=3, padding=1, output="UINT8", shift=9),
    )
    network = chain(_rng(), (2, 11, 9), convs, input_type="INT8", frame_stack=2)
    return with_kernels(with_kernels(network, 0, 1, 0), 1, 2, 127)


def _pools() -> IntNetwork:
    """Return poolings at both ends, one of a single place, one of ReLUs, of narrow maps that saturate."""
    parts = (
        Pool(kernel=2, stride=2, output="UINT8"),
        Conv(channels=4, kernel=3, padding=2, output="INT6", shift=6),
        Pool(kernel=1, stride=1, output="INT5"),
        Conv(channels=3, kernel=2, output="INT8", shift=5),
        Pool(kernel=3, stride=1, padding=1, output="INT7"),
        Conv(channels=3, kernel=1, output="INT8", weight="INT4", shift=2, gain=0, adds=5),
        Pool(kernel=3, stride=3, padding=1, pre_relu=True),
    )
    return chain(_rng(8), (3, 19, 14), parts, frame_stack=3)


def _shared() -> IntNetwork:
    """Return a map that two layers add, beside an empty kernel, and by a weight wider than others."""
    parts = (
        Conv(channels=4, kernel=3, stride=2, output="INT8", shift=7),
        Conv(channels=2, kernel=1, output="INT4", shift=9),
        Conv(channels=4, kernel=3, padding=1, output="UINT6", shift=1, gain=-9, weight="INT3", adds=1),
        Conv(channels=5, kernel=3, padding=1, shift=6, gain=0),
        Conv(channels=4, kernel=3, padding=1, output="INT8", shift=6, gain=2, adds=1),
    )
    return with_kernels(chain(_rng(9), (2, 13, 10), parts, frame_stack=2), 2, 3, 0)


FAST: dict[str, Callable[[], Case]] = {"residual stack, tiles of 2": lambda: (residual_stack(_rng()), 1)}
SLOW: dict[str, Callable[[], Case]] = {
    "residual stack": lambda: (residual_stack(_rng()), 0),
    "residual stack, tiles of 3": lambda: (residual_stack(_rng()), 2),
    "pools": lambda: (_pools(), 0),
    "pools, tiles of 2": lambda: (_pools(), 1),
    "a map added twice": lambda: (_shared(), 0),
    "a map added twice, tiles of 2": lambda: (_shared(), 1),
    "toy": lambda: (toy_convolutions(), 0),
    "toy, tiles of 2": lambda: (toy_convolutions(), 1),
    "toy, tiles of 3": lambda: (toy_convolutions(), 2),
    "toy, one lane": lambda: (toy_convolutions(), 3),
    "corners": lambda: (_corners(), 0),
    "corners, tiles of 2": lambda: (_corners(), 1),
    "one layer": lambda: (chain(_rng(2), (3, 7, 10), [Conv(channels=7, kernel=4, stride=3)]), 0),
    "one channel": lambda: (chain(_rng(3), (1, 5, 5), [Conv(channels=1, kernel=2)], density=1), 0),
    "stride 4": lambda: (
        chain(
            _rng(4),
            (3, 29, 21),
            [Conv(channels=5, kernel=5, stride=4, padding=1), Conv(channels=7, kernel=3, padding=1)],
            frame_stack=3,
        ),
        0,
    ),
    "narrow types": lambda: (
        chain(
            _rng(5),
            (2, 9, 9),
            [
                Conv(channels=4, kernel=3, output="UINT4", weight="INT3", shift=4),
                Conv(channels=6, kernel=5, padding=2, output="INT5", weight="INT4", shift=3),
                Conv(channels=3, kernel=2, output="INT7", weight="INT8", shift=6),
            ],
            input_type="UINT5",
        ),
        0,
    ),
    "saturated": lambda: (
        chain(
            _rng(6),
            (2, 10, 10),
            [Conv(channels=6, kernel=3, shift=4), Conv(channels=4, kernel=3, output="INT8", shift=5)],
        ),
        1,
    ),
}  # fmt: skip
CASES = [
    *((name, number, number) for name in FAST for number in (1, 2)),
    *(
        pytest.param(name, streams, packing, marks=pytest.mark.slow)
        for name in SLOW
        for streams, packing in ((1, 1), (1, 2), (2, 1), (2, 2))
        if (name, streams) != ("one channel", 2)
    ),
]
TRAFFIC = [
    *stalled(25, 50, 90),
    Traffic(stall_percent=50, burst_cycles=4, seed=9),
    Traffic(sink_waits=True),
    *reset_at((2, 13, 40, 97, 188, 571)),
]


@pytest.mark.parametrize(("name", "streams", "packing"), CASES)
def test_rtl_equals_the_reference_in_the_models_cycles(
    name: str, streams: int, packing: int, tmp_path: Path
) -> None:
    network, which = (FAST | SLOW)[name]()
    made = plan(network, replace(list(shapes(network))[which], streams=streams, packing=packing))
    made.verify()
    bench = build_bare(made, tmp_path).bench()
    vectors = frame_vectors(network, 21, episode=7)
    for traffic in TRAFFIC:
        run_and_check(bench, vectors, traffic, tmp_path / "run")
    result = run_and_check(bench, vectors, Traffic(spaced=True), tmp_path / "run")
    assert set(result.latencies) == {made.latency_cycles}
    vectors = frame_vectors(network, 21, episode=21)
    result = run_and_check(bench, vectors, Traffic(), tmp_path / "run")
    assert result.interval == made.interval_cycles(made.entry.words)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("convolutions", "streams", "packing", "latency", "interval"),
    [
        (nature_convolutions, 1, 1, 4_600, 3_600),
        (nature_convolutions, 2, 2, 2_800, 1_900),
        (resnet_convolutions, 1, 1, 33_500, 32_500),
        (resnet_convolutions, 2, 2, 17_600, 16_600),
    ],
)
def test_convolutions_of_games_are_bit_exact_in_as_many_cycles_as_promised(
    convolutions: Callable[[float], IntNetwork],
    streams: int,
    packing: int,
    latency: int,
    interval: int,
    tmp_path: Path,
) -> None:
    network = convolutions(0.98)
    made = plan(network, replace(next(shapes(network)), streams=streams, packing=packing))
    assert made.latency_cycles <= latency and made.interval_cycles(made.entry.words) <= interval
    bench = build_bare(made, tmp_path).bench(10 * latency)
    vectors = frame_vectors(network, 10, episode=6)
    for traffic in (Traffic(spaced=True), Traffic(stall_percent=30), Traffic(reset_at_cycle=6001)):
        result = run_and_check(bench, vectors, traffic, tmp_path / "run")
        if traffic.spaced:
            assert set(result.latencies) == {made.latency_cycles}
