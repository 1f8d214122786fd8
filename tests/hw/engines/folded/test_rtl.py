"""The folded RTL equals the reference in every layer under any traffic, in the promised cycles."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape, Multiplier
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Traffic
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.folded.nets import corner_network, hopper_98
from tests.hw.traffic import reset_at, run_and_check, stalled
from tests.networks import random_inputs, random_network

LUT = Multiplier.LUT

Case = tuple[IntNetwork, FoldedShape]


def _random(seed: int, widths: tuple[int, ...], density: float = 0.5, **bits: int) -> IntNetwork:
    return random_network(np.random.default_rng(seed), widths, density=density, **bits)


# Corners with mixed types, shifts and split rows; narrow weights in LUTs on odd shapes; one lane; one layer.
FAST: dict[str, Callable[[], Case]] = {
    "corners": lambda: (corner_network(np.random.default_rng(1)), FoldedShape.of(4)),
    "narrow": lambda: (
        _random(6, (10, 20, 20, 4), weight_bits=3, activation_bits=4, input_bits=5, output_bits=2),
        FoldedShape(lanes=5, banks=3, replicas=2, multiplier=LUT),
    ),
    "one lane": lambda: (_random(5, (6, 9, 2), output_bits=16), FoldedShape.of(1)),
    "one layer": lambda: (_random(4, (30, 5), output_bits=16), FoldedShape(lanes=3, banks=2, replicas=1)),
    "starts while loading": lambda: (
        _random(9, (90, 40, 12), 0.15),
        FoldedShape(lanes=8, banks=10, replicas=3, in_values=6, out_values=4),
    ),
    "pipelined corners": lambda: (corner_network(np.random.default_rng(1)), FoldedShape.of(4, pipelining=1)),
    "pipelined, starts while loading": lambda: (
        _random(9, (90, 40, 12), 0.15),
        FoldedShape(lanes=8, banks=10, replicas=3, in_values=6, out_values=4, pipelining=1),
    ),
}
SLOW: dict[str, Callable[[], Case]] = {
    "corners, 16 lanes": lambda: (corner_network(np.random.default_rng(2)), FoldedShape.of(16)),
    "64 lanes": lambda: (_random(8, (20, 64, 64, 6), 0.3), FoldedShape.of(64)),
    "98% Hopper, 8 lanes": lambda: (hopper_98(np.random.default_rng(0)), FoldedShape.of(8)),
    "98% Hopper, 32 lanes": lambda: (hopper_98(np.random.default_rng(0)), FoldedShape.of(32)),
    "pipelined, narrow": lambda: (
        _random(6, (10, 20, 20, 4), weight_bits=3, activation_bits=4, input_bits=5, output_bits=2),
        FoldedShape(lanes=5, banks=3, replicas=2, multiplier=LUT, pipelining=1),
    ),
    "pipelined, one lane": lambda: (_random(5, (6, 9, 2)), FoldedShape.of(1, pipelining=1)),
    "pipelined, one layer": lambda: (
        _random(4, (30, 5)),
        FoldedShape(lanes=3, banks=2, replicas=1, pipelining=1),
    ),
    "98% Hopper, 8 lanes, pipelined": lambda: (
        hopper_98(np.random.default_rng(0)),
        FoldedShape.of(8, pipelining=1),
    ),
}
CASES = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
TRAFFIC = [
    *stalled(25, 50, 75, 90),
    Traffic(stall_percent=50, burst_cycles=4, seed=9),
    Traffic(stall_percent=60, burst_cycles=500, seed=11),
    *reset_at((2, 13, 40, 41, 97)),
]


@pytest.mark.parametrize("name", CASES)
def test_rtl_equals_the_reference_under_any_traffic(name: str, tmp_path: Path) -> None:
    network, shape = (FAST | SLOW)[name]()
    program = plan(network, shape).program
    bench = build_bare(plan(network, shape), tmp_path).bench()
    vectors = Vectors.of(network, random_inputs(np.random.default_rng(2), network, 150))
    for traffic in TRAFFIC:
        run_and_check(bench, vectors, traffic, tmp_path / "run")
    alone = run_and_check(bench, vectors, Traffic(spaced=True), tmp_path / "run")
    assert (alone.latency_min, alone.latency_max) == (program.latency_cycles,) * 2
    steady = run_and_check(bench, vectors, Traffic(), tmp_path / "run")
    # Loading overlaps computing; only where it takes longer than what follows the first layer does it show.
    assert steady.interval >= program.n_cycles
    if program.input_words == 1:
        assert steady.interval == program.n_cycles
