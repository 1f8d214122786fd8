"""Latency is within 5% and 10 cycles of nonzeros / lanes over the family, bar what narrow layers lose."""

from itertools import product

import pytest

from ganglion.hw.engines.folded.fit import fit
from ganglion.models.reference import IntNetwork
from tests.hw.engines.folded.family import FAMILY, LANES, network_of

# Wide inputs, many outputs, four layers, one layer.
QUICK = ("Humanoid 98%", "64 outputs, 95%", "four layers, 97%", "one layer")
# A result is readable four cycles after the word that ends it; four rows a lane fill the three between.
ROWS_A_LANE, LOST_CYCLES = 4, 3


def bound(network: IntNetwork, lanes: int) -> float:
    """Return the rule's cycles, and those that hidden layers of few rows may lose beyond it."""
    cycles = 1.05 * network.nnz / lanes + 10
    for width, weight in zip(network.spec.widths[1:-1], network.weights, strict=False):
        cycles += LOST_CYCLES * (width < ROWS_A_LANE * lanes)
        if width <= lanes:  # rows are split, and each is added up in a cycle of its own
            cycles += max(0.0, width - int((weight != 0).sum()) / lanes)
    return cycles


@pytest.mark.parametrize(("name", "lanes"), product(QUICK, (16, 32)))
def test_latency_is_within_the_rule(name: str, lanes: int) -> None:
    network = network_of(name)
    assert fit(network, lanes).latency_cycles <= bound(network, lanes)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lanes"), product(FAMILY, LANES))
def test_latency_is_within_the_rule_over_the_family(name: str, lanes: int) -> None:
    network = network_of(name)
    assert fit(network, lanes).latency_cycles <= bound(network, lanes)


@pytest.mark.parametrize(("lanes", "cycles"), [(8, 243), (16, 124), (32, 68)])
def test_latency_meets_the_target_of_the_98_percent_network(lanes: int, cycles: int) -> None:
    network = network_of("Hopper 98%")
    assert network.nnz == 1849
    assert fit(network, lanes).latency_cycles <= cycles
