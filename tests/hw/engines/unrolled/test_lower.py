"""The adder graph computes what the reference computes, for any network, and no signal leaves its wire."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganglion.hw.engines.unrolled.graph import Addend, Constant, Graph, Input, Sum, sources
from ganglion.hw.engines.unrolled.interpret import interpret
from ganglion.hw.engines.unrolled.lower import lower
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.reference import IntNetwork, Ints
from ganglion.models.spec.types import IntType
from tests.hw.engines.unrolled.corners import CORNERS, INT8, all_inputs, network_of
from tests.networks import random_network


def assert_equal(network: IntNetwork, graph: Graph, inputs: Ints) -> None:
    answers = zip(graph.layers, network.forward(inputs), interpret(graph, inputs), strict=True)
    for layer, want, got in answers:
        alive = [index for index, node in enumerate(layer.neurons) if node is not None]
        np.testing.assert_array_equal(got[:, alive], want[:, alive], err_msg=layer.name)


@pytest.mark.parametrize("adder_inputs", [2, 3])
@pytest.mark.parametrize("name", CORNERS)
def test_corners_equal_the_reference(name: str, adder_inputs: int) -> None:
    network = CORNERS[name]
    assert_equal(network, lower(network, adder_inputs), all_inputs(network))


bits = st.integers(2, 8)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    widths=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    density=st.floats(0, 1),
    weight_bits=bits,
    activation_bits=bits,
    input_bits=bits,
    output_bits=bits,
    adder_inputs=st.sampled_from([2, 3]),
)
def test_random_networks_equal_the_reference(
    seed: int, widths: list[int], adder_inputs: int, **network_options: float
) -> None:
    network = random_network(np.random.default_rng(seed), widths, **network_options)  # type: ignore[arg-type]
    assert_equal(network, lower(network, adder_inputs), all_inputs(network, 200))


def test_ranges_are_exact_on_a_layer_of_independent_inputs() -> None:
    network = network_of([([[3, -5], [127, 127]], [9, -4], 0, IntType(bits=20, signed=True))], INT8)
    graph = lower(network, 3)
    values = interpret(graph, np.array([[a, b] for a in (-128, 127) for b in (-128, 127)]))[0]
    clips = [graph.nodes[node] for node in graph.layers[0].neurons if node is not None]
    offset = graph.layers[0].offset
    assert [(clip.low - offset, clip.high - offset) for clip in clips] == [
        (int(column.min()), int(column.max())) for column in values.T
    ]


def test_dead_neurons_and_constant_neurons_take_no_adder() -> None:
    graph = lower(CORNERS["rows"], 3)
    hidden = graph.layers[0].neurons
    assert hidden[7] is None
    assert isinstance(graph.nodes[hidden[0] or 0], Constant)
    assert hidden[1] is not None
    read = {source for node in graph.nodes for source in sources(node)}
    assert all(
        i in read or i in graph.layers[-1].neurons or isinstance(n, Constant)
        for i, n in enumerate(graph.nodes)
    )


def test_ternary_adders_are_fewer_than_binary_ones() -> None:
    network = random_network(np.random.default_rng(1), [8, 12, 4])
    assert sum(1 for _ in lower(network, 3).sums) < 0.7 * sum(1 for _ in lower(network, 2).sums)


def test_signal_outside_its_range_is_found() -> None:
    addend = Addend(source=0, bits=8, shift=0, inverted=False)
    nodes = (Input(low=0, high=255, feature=0), Sum(low=0, high=255, addends=(addend, addend)))
    graph = Graph(input_type=INT8, n_features=1, nodes=nodes, layers=lower(CORNERS["one weight"], 3).layers)
    with pytest.raises(MismatchError, match="node 1 takes values 510 to 510, its wire 0 to 255"):
        interpret(graph, np.array([[127]]))


def test_impossible_nodes_are_refused() -> None:
    addend = Addend(source=0, bits=1, shift=0, inverted=False)
    with pytest.raises(CompileError, match="3 addends and constant 5 make no adder"):
        Sum(low=0, high=8, addends=(addend,) * 3, constant=5)
    with pytest.raises(CompileError, match="range 3 to 2 is empty"):
        Input(low=3, high=2, feature=0)
    with pytest.raises(CompileError, match="addend: 1 bits at bit -1"):
        Addend(source=0, bits=1, shift=-1, inverted=False)
    with pytest.raises(CompileError, match="node 0 reads a later one"):
        Graph(input_type=INT8, n_features=1, nodes=(Sum(low=0, high=1, addends=(addend,)),), layers=())
