"""Latency is within 5% and 10 cycles of nonzeros / lanes over the family, bar what narrow layers lose."""

from itertools import product

import pytest

from ganglion.hw.engines.folded.fit import fit
from ganglion.models.reference import IntNetwork
from tests.hw.engines.folded.family import FAMILY, LANES, network_of

# Wide inputs, many outputs, four layers, one layer.
QUICK = ("Humanoid 98%", "64 outputs, 95%", "four layers, 97%", "one layer")
# A result is readable four cycles after the word that ends it, pipelined six; as many rows a lane fill those
# between, of which they are one more.
ROWS_A_LANE = {0: 4, 1: 6}
# Of an engine that is pipelined: it takes so many cycles more anyway.
MORE_CYCLES = 3


def bound(network: IntNetwork, lanes: int, pipelining: int = 0) -> float:
    """Return the rule's cycles, and those that hidden layers of few rows may lose beyond it."""
    cycles = 1.05 * network.nnz / lanes + 10 + MORE_CYCLES * pipelining
    rows = ROWS_A_LANE[pipelining]
    for width, weight in zip(network.spec.widths[1:-1], network.weights, strict=False):
        cycles += (rows - 1) * (width < rows * lanes)
        if width <= lanes:  # rows are split, and each is added up in a cycle of its own
            cycles += max(0.0, width - int((weight != 0).sum()) / lanes)
    return cycles


@pytest.mark.parametrize(("name", "lanes"), product(QUICK, (16, 32)))
def test_latency_is_within_the_rule(name: str, lanes: int) -> None:
    network = network_of(name)
    assert fit(network, lanes).latency_cycles <= bound(network, lanes)


@pytest.mark.slow
@pytest.mark.parametrize("pipelining", [0, 1])
@pytest.mark.parametrize(("name", "lanes"), product(FAMILY, LANES))
def test_latency_is_within_the_rule_over_the_family(name: str, lanes: int, pipelining: int) -> None:
    network = network_of(name)
    made = fit(network, lanes, pipelining=pipelining)
    assert made.latency_cycles <= bound(network, lanes, pipelining)


def test_registers_take_at_most_six_cycles_of_the_98_percent_network() -> None:
    network = network_of("Hopper 98%")
    assert fit(network, 8, pipelining=1).latency_cycles <= fit(network, 8).latency_cycles + 6


@pytest.mark.parametrize(("lanes", "cycles"), [(8, 243), (16, 124), (32, 68)])
def test_latency_meets_the_target_of_the_98_percent_network(lanes: int, cycles: int) -> None:
    network = network_of("Hopper 98%")
    assert network.nnz == 1849
    assert fit(network, lanes).latency_cycles <= cycles
