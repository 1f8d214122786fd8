"""A stage holds at most so many adders behind each other; nothing is read before it is computed."""

from dataclasses import replace

import numpy as np
import pytest

from ganglion.hw.engines.unrolled.cost import cost
from ganglion.hw.engines.unrolled.graph import Addend, Clip, Graph, Input, Layer, Sum, sources
from ganglion.hw.engines.unrolled.lower import lower
from ganglion.hw.engines.unrolled.registers import register_bits, registers
from ganglion.hw.engines.unrolled.schedule import Schedule, schedule
from ganglion.models.build.errors import CompileError
from ganglion.models.spec.types import IntType
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


@pytest.mark.parametrize("pipelining", [0, 1])
@pytest.mark.parametrize("adders_per_stage", [1, 2, 3, 8, 16])
def test_stages_hold_at_most_cut_adders_and_a_clip(
    graph: Graph, adders_per_stage: int, pipelining: int
) -> None:
    stages = schedule(graph, adders_per_stage, pipelining)
    for index, node in enumerate(graph.nodes):
        assert all(stages.stages[source] <= stages.stages[index] for source in sources(node))
    assert longest_chain(graph, stages) <= 2 * adders_per_stage + 1 - pipelining
    assert max(stages.stages) == stages.n_stages - 1


def test_moving_nodes_saves_registers_and_no_cycle(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = schedule(graph, 2)
    monkeypatch.setattr("ganglion.hw.engines.unrolled.schedule.MAX_SWEEPS", 0)
    early = schedule(graph, 2)
    assert moved.n_stages == early.n_stages
    assert register_bits(graph, moved) < register_bits(graph, early)


def test_longer_stages_take_fewer_cycles_and_registers(graph: Graph) -> None:
    schedules = [schedule(graph, adders_per_stage) for adders_per_stage in (1, 2, 4)]
    costs = [cost(graph, stages) for stages in schedules]
    assert schedules[0].n_stages > schedules[1].n_stages > schedules[2].n_stages
    assert costs[0].ff > costs[1].ff > costs[2].ff
    # Long delays are shift registers, made of LUTs.
    assert costs[0].lut >= costs[1].lut >= costs[2].lut


@pytest.mark.parametrize("adders_per_stage", [0, 17])
def test_impossible_stages_are_refused(graph: Graph, adders_per_stage: int) -> None:
    with pytest.raises(
        CompileError,
        match=f"adders_per_stage = {adders_per_stage} is outside 1 to 16",
    ):
        schedule(graph, adders_per_stage)


def _sum(high: int, *addends: Addend) -> Sum:
    return Sum(low=0, high=high, addends=addends)


def test_registers_hold_a_passed_bit_once_and_long_delays_in_shift_registers() -> None:
    """Two inputs of 4 bits: a + 4 b passes two bits of a on; a is read again five stages later."""
    low, high = (Addend(source=i, bits=4, shift=2 * i, inverted=False) for i in range(2))
    total = _sum(75, low, high)
    again = _sum(90, Addend(source=2, bits=7, shift=0, inverted=False), replace(low, source=0))
    inputs = tuple(Input(low=0, high=15, feature=i) for i in range(2))
    layer = Layer(name="fc1", type=IntType.parse("UINT8"), neurons=(3,))
    graph = Graph(
        input_type=IntType.parse("UINT4"), n_features=2, nodes=(*inputs, total, again), layers=(layer,)
    )
    near = registers(graph, Schedule(stages=(0, 0, 0, 1), n_stages=2))
    # 8 bits of inputs; then 5 of the sum and all of a, of which the sum passes 2 on.
    assert (near.flip_flops, near.shift_registers) == (8 + 5 + 4, 0)
    far = registers(graph, Schedule(stages=(0, 0, 0, 5), n_stages=6))
    assert (far.flip_flops, far.shift_registers) == (8, 5 + 4)
