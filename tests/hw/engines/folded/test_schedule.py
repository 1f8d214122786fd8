"""A program computes the reference in every layer, takes the promised cycles, and says what it cannot do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganglion.hw.engines.check import check_plan
from ganglion.hw.engines.folded.interpret import interpret
from ganglion.hw.engines.folded.plan import FoldedPlan
from ganglion.hw.engines.folded.schedule import schedule
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.types import IntType
from tests.hw.engines.folded.nets import corner_network, live_network, with_types
from tests.networks import random_inputs, random_network


def holds(network: IntNetwork, shape: FoldedShape, n_vectors: int = 12) -> None:
    program = schedule(network, shape)
    check_plan("folded", network, lambda inputs: interpret(program, inputs), n_vectors=n_vectors)


@pytest.mark.parametrize("pipelining", [0, 1])
@pytest.mark.parametrize("lanes", [1, 2, 3, 5, 8, 13, 16, 32, 64])
def test_corners_equal_the_reference_at_any_number_of_lanes(lanes: int, pipelining: int) -> None:
    holds(corner_network(np.random.default_rng(lanes)), FoldedShape.of(lanes, pipelining=pipelining), 40)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_random_networks_equal_the_reference(data: st.DataObject) -> None:
    widths = data.draw(st.lists(st.integers(1, 12), min_size=2, max_size=5))
    bits = st.integers(2, 8)
    network = random_network(
        np.random.default_rng(data.draw(st.integers(0, 1000))),
        widths,
        density=data.draw(st.sampled_from([0.05, 0.3, 1.0])),
        weight_bits=data.draw(bits),
        activation_bits=data.draw(bits),
        input_bits=data.draw(bits),
        output_bits=data.draw(bits),
    )
    names = [f"{data.draw(st.sampled_from(['INT', 'UINT']))}{data.draw(bits)}" for _ in network.spec.layers]
    network = with_types(network, names)
    lanes = min(data.draw(st.integers(1, 20)), max(1, network.nnz))
    banks = data.draw(st.integers(1, 24))
    shape = FoldedShape(
        lanes=lanes,
        banks=banks,
        replicas=data.draw(st.integers(1, lanes)),
        in_values=data.draw(st.none() | st.integers(1, banks)),
        out_values=data.draw(st.sampled_from([n for n in range(1, lanes + 1) if widths[-1] % n == 0])),
        pipelining=data.draw(st.integers(0, 1)),
    )
    holds(network, shape, 6)


def test_unsigned_inputs_equal_the_reference() -> None:
    network = random_network(np.random.default_rng(0), (6, 8, 2))
    network = replace(network, spec=replace(network.spec, input_type=IntType.parse("UINT7")))
    holds(network, FoldedShape.of(4))


def test_a_row_longer_than_the_ideal_time_is_split() -> None:
    network = live_network(np.random.default_rng(0), (200, 20, 2), (460, 40))
    weights = [weight.copy() for weight in network.weights]
    weights[0][7] = 3
    network = replace(network, weights=tuple(weights))
    program = schedule(network, FoldedShape.of(16))
    assert program.stores and program.n_cycles < 200
    FoldedPlan.of(program).verify()


def test_scheduling_is_repeatable() -> None:
    network = corner_network(np.random.default_rng(0))
    first, second = (schedule(network, FoldedShape.of(6)).words() for _ in range(2))
    assert first == second


def test_a_wrong_program_is_found_and_located() -> None:
    network = corner_network(np.random.default_rng(0))
    program = schedule(network, FoldedShape.of(4))
    weight = program.weight.copy()
    cycle, lane = np.argwhere(weight > 0)[3]
    weight[cycle, lane] -= 1
    with pytest.raises(MismatchError, match=r"folded plan: fc1: vector \d+, neuron \d+: exp"):
        FoldedPlan.of(replace(program, weight=weight)).verify()


def test_interpreting_is_per_vector() -> None:
    network = corner_network(np.random.default_rng(0))
    program = schedule(network, FoldedShape.of(4))
    inputs = random_inputs(np.random.default_rng(1), network, 5)
    alone = np.concatenate([interpret(program, inputs[[i]])[-1] for i in range(5)])
    np.testing.assert_array_equal(interpret(program, inputs)[-1], alone)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("lanes", 0, r"lanes = 0 is outside 1 to 64; the nearest that works: lanes = 1"),
        ("lanes", 65, r"lanes = 65 is outside 1 to 64; the nearest that works: lanes = 64"),
        ("banks", 65, r"banks = 65 is outside 1 to 64; the nearest that works: banks = 64"),
        (
            "in_values",
            9,
            r"in_values = 9 is outside 1 to 8; the nearest that works: in_values = 8",
        ),
        (
            "out_values",
            9,
            r"out_values = 9 is outside 1 to 8; the nearest that works: out_values = 8",
        ),
        ("replicas", 9, r"replicas = 9 is outside 1 to 8; the nearest that works: replicas = 8"),
    ],
)
def test_impossible_shapes_are_refused(field: str, value: int, message: str) -> None:
    with pytest.raises(CompileError, match=message):
        FoldedShape(**{"lanes": 8, "banks": 8, "replicas": 2, field: value})


def test_more_lanes_than_work_are_refused() -> None:
    network = live_network(np.random.default_rng(0), (4, 4, 2), (6, 5))
    with pytest.raises(CompileError, match=r"16 lanes are more than the network's 11 nonzero .* lanes=11"):
        schedule(network, FoldedShape.of(16))


def test_a_layer_of_4096_inputs_equals_the_reference() -> None:
    holds(random_network(np.random.default_rng(0), (4096, 5, 2), density=0.01), FoldedShape.of(8), 4)


def test_a_type_too_wide_is_refused() -> None:
    network = with_types(random_network(np.random.default_rng(0), (4, 6, 2)), ("UINT9", "INT8"))
    with pytest.raises(CompileError, match=r"fc1's output type UINT9 has 9 bits, allowed 2 to 8; quantize"):
        schedule(network, FoldedShape.of(2))
