"""The delta RTL equals the reference with state in every layer and step, in exactly the model's cycles."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.delta.cycles import sequence_cycles
from ganglion.hw.engines.delta.plan import plan
from ganglion.hw.engines.delta.shape import DeltaShape
from ganglion.hw.sim.harness import Traffic
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.delta.nets import (
    column_network,
    episode,
    episode_vectors,
    signed_network,
    with_thresholds,
)
from tests.hw.engines.folded.nets import corner_network, hopper_98
from tests.hw.traffic import reset_at, run_and_check, stalled
from tests.networks import random_network

Case = tuple[IntNetwork, DeltaShape]


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


FAST: dict[str, Callable[[], Case]] = {
    "columns, thresholds": lambda: (
        with_thresholds(column_network(_rng()), 2, 9, 1),
        DeltaShape(lanes=3, channels=2, packed=False),
    ),
    "wide values": lambda: (random_network(_rng(5), (6, 9, 3), output_bits=16), DeltaShape(lanes=2)),
}
SLOW: dict[str, Callable[[], Case]] = {
    "corners": lambda: (corner_network(_rng()), DeltaShape(lanes=4)),
    "signed, thresholds": lambda: (with_thresholds(signed_network(_rng()), 0, 3, 2), DeltaShape(lanes=5)),
    "one lane, one layer": lambda: (random_network(_rng(), (5, 3)), DeltaShape(lanes=1, channels=1)),
    "columns": lambda: (column_network(_rng(2)), DeltaShape(lanes=2, channels=3)),
    "signed, apart": lambda: (signed_network(_rng(2)), DeltaShape(lanes=7, channels=5, packed=False)),
    "corners, 16 lanes": lambda: (corner_network(_rng(2)), DeltaShape(lanes=16, channels=8)),
    "two layers": lambda: (random_network(_rng(), (5, 9, 2)), DeltaShape(lanes=2, channels=1)),
    "narrow": lambda: (
        random_network(_rng(6), (10, 20, 20, 4), weight_bits=3, activation_bits=4, input_bits=5),
        DeltaShape(lanes=5, channels=3),
    ),
    "98% Hopper, 8 lanes": lambda: (hopper_98(_rng(0)), DeltaShape(lanes=8)),
    "98% Hopper, 32 lanes": lambda: (hopper_98(_rng(0)), DeltaShape(lanes=32, channels=8)),
    "98% Hopper, thresholds": lambda: (
        with_thresholds(hopper_98(_rng(0)), 1, 4, 2),
        DeltaShape(lanes=12, channels=5),
    ),
    "64 lanes": lambda: (random_network(_rng(8), (20, 64, 64, 6), density=0.3), DeltaShape(lanes=64)),
}
CASES = [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
TRAFFIC = [
    *stalled(25, 50, 90),
    Traffic(stall_percent=50, burst_cycles=4, seed=9),
    Traffic(sink_waits=True),
    *reset_at((2, 13, 40, 71, 97, 188)),
]


@pytest.mark.parametrize("name", CASES)
def test_rtl_equals_the_reference_with_state_in_the_models_cycles(name: str, tmp_path: Path) -> None:
    network, shape = (FAST | SLOW)[name]()
    made = plan(network, shape)
    made.verify()
    bench = build_bare(made, tmp_path).bench()
    vectors = episode_vectors(network, episode(_rng(2), network, 120))
    for traffic in TRAFFIC:
        run_and_check(bench, vectors, traffic, tmp_path / "run")
    starts = np.arange(len(vectors.inputs)) == 0
    cycles = sequence_cycles(made.program, vectors.inputs, starts)
    for spaced in (True, False):
        result = run_and_check(bench, vectors, Traffic(spaced=spaced), tmp_path / "run")
        assert result.latencies.tolist() == cycles.tolist()
    assert cycles.max() <= made.latency_cycles
    assert result.interval <= made.interval_cycles(made.entry.words)


@pytest.mark.slow
def test_a_step_in_which_everything_changes_takes_the_promised_worst_case(tmp_path: Path) -> None:
    """Inputs from one extreme to the other, through weights that turn each layer over."""
    network = random_network(_rng(3), (6, 8, 8, 2), density=0.5)
    weights = [np.where(weight == 0, 0, 90) for weight in network.weights]
    biases = [np.zeros_like(bias) for bias in network.biases]
    network = IntNetwork(spec=network.spec, weights=tuple(weights), biases=tuple(biases))
    made = plan(network, DeltaShape(lanes=3, channels=2))
    kind = network.spec.input_type
    inputs = np.array([[kind.high], [kind.low]] * 5).repeat(6, axis=1)
    vectors = episode_vectors(network, inputs)
    bench = build_bare(made, tmp_path).bench()
    result = run_and_check(bench, vectors, Traffic(spaced=True), tmp_path / "run")
    assert bench.design.estimate is not None
    assert result.latencies.max() == made.latency_cycles == bench.design.estimate.latency_cycles
