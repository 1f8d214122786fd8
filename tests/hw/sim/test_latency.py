"""Latency that depends on data is a distribution: each step by the engine's model, none above its bound."""

from dataclasses import replace

import numpy as np
import pytest

from ganglion.hw.design.design import Design, SegmentReport
from ganglion.hw.engines.delta.engine import Delta
from ganglion.hw.engines.delta.settings import DeltaSettings
from ganglion.hw.sim.latency import latency_of, worst_case_cycles
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import NOTHING
from ganglion.models.build.codec import encode
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import IntNetwork
from tests.hw.bare import Bare, build_bare
from tests.networks import random_network

N_STEPS = 200
STARTS = np.arange(N_STEPS) % 70 == 0


@pytest.fixture(scope="module")
def network() -> IntNetwork:
    network = random_network(np.random.default_rng(4), (6, 13, 11, 3), density=0.4)
    return replace(network, spec=replace(network.spec, thresholds=(2, 0, 5)))


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    moves = np.random.default_rng(5).integers(-6, 7, (N_STEPS, 6))
    return np.clip(np.where(moves % 2, moves, 0).cumsum(axis=0), -128, 127)


@pytest.fixture(scope="module")
def bare(network: IntNetwork, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    (plan,) = Delta().plan([network], DeltaSettings(lanes=2), find_board("Pynq-Z2"), NOTHING)
    return build_bare(plan, tmp_path_factory.mktemp("delta") / "build")


@pytest.fixture
def design(bare: Bare) -> Design:
    """Return the design as compile would describe it."""
    node = bare.node
    segment = SegmentReport(
        engine="delta",
        first="fc1",
        in_values=node.in_values,
        out_values=node.out_values,
        shape=encode(node.plan.shape),
        figures={},
    )
    return replace(bare.design, segments=(segment,))


def test_measured_cycles_become_a_distribution(
    bare: Bare, design: Design, network: IntNetwork, inputs: np.ndarray
) -> None:
    measured = Delta().step_cycles(
        bare.node.plan, inputs, STARTS
    )  # the RTL's, as tests/hw/engines/delta shows
    found = latency_of(design, network, inputs, STARTS, measured)
    assert found is not None and found.steps == N_STEPS
    assert measured.min() < found.mean_cycles < found.p99_cycles <= found.max_cycles
    assert found.max_cycles <= found.worst_case_cycles == bare.node.latency_cycles
    assert worst_case_cycles(design, network) == bare.node.latency_cycles
    wrong = measured + (np.arange(N_STEPS) == 77)
    with pytest.raises(MismatchError, match=r"latency: the model's cycles and the RTL's: vector 77"):
        latency_of(design, network, inputs, STARTS, wrong)
    assert design.estimate is not None
    low = replace(design, estimate=replace(design.estimate, latency_cycles=int(measured.max()) - 1))
    with pytest.raises(MismatchError, match=r"latency: a step took \d+ cycles, more than the proven \d+"):
        latency_of(low, network, inputs, STARTS, measured)


def test_an_engine_whose_latency_is_fixed_has_one_figure(
    design: Design, network: IntNetwork, inputs: np.ndarray
) -> None:
    ordinary = replace(network, spec=replace(network.spec, thresholds=None))
    shape = {"lanes": 2, "banks": 2, "replicas": 1}
    folded = replace(design, segments=(replace(design.segments[0], engine="folded", shape=shape),))
    assert latency_of(folded, ordinary, inputs, STARTS, np.zeros(N_STEPS, np.int64)) is None
    assert worst_case_cycles(folded, ordinary) is None
