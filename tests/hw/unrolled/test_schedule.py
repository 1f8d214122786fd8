"""Every stage holds at most `cut` adders behind each other, and nothing is read before it is computed."""

import numpy as np
import pytest

from hw.unrolled.cost import cost
from hw.unrolled.graph import Clip, Graph, Sum, sources
from hw.unrolled.lower import lower
from hw.unrolled.schedule import Schedule, register_bits, schedule
from models.artifacts import CompileError
from tests.networks import random_network


@pytest.fixture(scope="module")
def graph() -> Graph:
    return lower(random_network(np.random.default_rng(0), [9, 16, 12, 4]), 3)


def longest_chain(graph: Graph, stages: Schedule) -> int:
    """Return the longest chain within a stage, in half adders: two an adder, one a clip."""
    chain = [0] * len(graph.nodes)
    for index, node in enumerate(graph.nodes):
        same = [s for s in sources(node) if stages.stages[s] == stages.stages[index]]
        chain[index] = (
            max((chain[s] for s in same), default=0) + 2 * isinstance(node, Sum) + isinstance(node, Clip)
        )
    return max(chain)


@pytest.mark.parametrize("cut", [1, 2, 3, 8, 16])
def test_stages_hold_at_most_cut_adders_and_a_clip(graph: Graph, cut: int) -> None:
    stages = schedule(graph, cut)
    for index, node in enumerate(graph.nodes):
        assert all(stages.stages[source] <= stages.stages[index] for source in sources(node))
    assert longest_chain(graph, stages) <= 2 * cut + 1
    assert max(stages.stages) == stages.n_stages - 1


def test_moving_nodes_saves_registers_and_no_cycle(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = schedule(graph, 2)
    monkeypatch.setattr("hw.unrolled.schedule.MAX_SWEEPS", 0)
    early = schedule(graph, 2)
    assert moved.n_stages == early.n_stages
    assert register_bits(graph, moved) < register_bits(graph, early)


def test_longer_stages_take_fewer_cycles_and_registers(graph: Graph) -> None:
    costs = [cost(graph, schedule(graph, cut)) for cut in (1, 2, 4)]
    assert costs[0].latency_cycles > costs[1].latency_cycles > costs[2].latency_cycles
    assert costs[0].ff > costs[1].ff > costs[2].ff
    assert len({(c.lut, c.carry4, c.dsp, c.bram18, c.interval_cycles) for c in costs}) == 1


@pytest.mark.parametrize("cut", [0, 17])
def test_impossible_cut_is_refused(graph: Graph, cut: int) -> None:
    with pytest.raises(CompileError, match=f"cut = {cut} adders in a pipeline stage is outside 1 to 16"):
        schedule(graph, cut)
