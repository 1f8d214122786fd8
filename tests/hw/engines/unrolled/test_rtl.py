"""The RTL is bit-exact in every layer under stalls and resets, at the promised latency and interval."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.unrolled.plan import plan
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.sim.equality import Vectors
from ganglion.hw.sim.harness import Bench, Traffic
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.unrolled.corners import CORNERS, all_inputs
from tests.hw.traffic import run_and_check
from tests.networks import random_network


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A network and how it is built."""

    network: IntNetwork
    settings: UnrolledShape


def _random(seed: int, widths: list[int], **options: float) -> IntNetwork:
    return random_network(np.random.default_rng(seed), widths, **options)  # type: ignore[arg-type]


CASES = {
    "corner rows": Case(network=CORNERS["rows"], settings=UnrolledShape(adders_per_stage=1)),
    "ties and saturation": Case(
        network=CORNERS["ties and saturation"], settings=UnrolledShape(adders_per_stage=16)
    ),
    "narrow, binary adders": Case(
        network=_random(1, [6, 9, 7, 8, 3], weight_bits=3, activation_bits=5, input_bits=2, output_bits=7),
        settings=UnrolledShape(adders_per_stage=3, adder_inputs=2),
    ),
    "pipelined": Case(
        network=CORNERS["ties and saturation"],
        settings=UnrolledShape(adders_per_stage=1, adder_inputs=2, primitives="", pipelining=1),
    ),
    "8 bits": Case(
        network=_random(2, [5, 9, 4], density=0.9, output_bits=16), settings=UnrolledShape(adders_per_stage=2)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A compiled case."""

    latency: int
    bench: Bench
    vectors: Vectors


@pytest.fixture(scope="module", params=CASES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    case = CASES[request.param]
    inputs = all_inputs(case.network)
    made = plan(case.network, case.settings)
    bench = build_bare(made, tmp_path_factory.mktemp("unrolled")).bench(patience_cycles=2000)
    return Built(latency=made.latency_cycles, bench=bench, vectors=Vectors.of(case.network, inputs))


def test_every_layer_is_equal_at_the_promised_latency_and_interval(built: Built, tmp_path: Path) -> None:
    spaced = run_and_check(built.bench, built.vectors, Traffic(spaced=True), tmp_path)
    assert (spaced.latency_min, spaced.latency_max) == (built.latency, built.latency)
    steady = run_and_check(built.bench, built.vectors, Traffic(), tmp_path)
    assert (steady.latency_max, steady.interval) == (built.latency, 1)


@pytest.mark.parametrize("percent", [25, 50, 90])
@pytest.mark.parametrize("burst", [1, 64])
def test_stalls_lose_and_reorder_nothing(built: Built, tmp_path: Path, percent: int, burst: int) -> None:
    traffic = Traffic(stall_percent=percent, burst_cycles=burst, seed=percent + burst)
    run_and_check(built.bench, built.vectors, traffic, tmp_path)


@pytest.mark.parametrize("percent", [0, 50])
def test_reset_in_mid_stream_leaves_nothing_behind(built: Built, tmp_path: Path, percent: int) -> None:
    for cycle in range(1, built.latency + 6, 2):
        traffic = Traffic(stall_percent=percent, burst_cycles=8, seed=cycle, reset_at_cycle=cycle)
        run_and_check(built.bench, built.vectors.part(0, 20), traffic, tmp_path)


def test_broken_adder_is_found_in_its_layer(tmp_path: Path) -> None:
    """A neuron of the first layer has a wrong bias: that layer's tap tells, before the output does."""
    case = CASES["8 bits"]
    inputs = all_inputs(case.network)
    made = build_bare(plan(case.network, case.settings), tmp_path)
    core = tmp_path / "rtl" / "ganglion_node_core.sv"
    head, bits, digits, tail = re.split(r"(?<=Constant\()(\d+)'h([0-9a-f]+)", core.read_text(), maxsplit=1)
    core.write_text(f"{head}{bits}'h{int(digits, 16) ^ 0x400:x}{tail}")
    bench = made.bench(patience_cycles=2000)
    with pytest.raises(MismatchError, match="layer fc1: vector"):
        run_and_check(bench, Vectors.of(case.network, inputs), Traffic(), tmp_path)
