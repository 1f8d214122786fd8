"""How many weights each layer keeps."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganglion.models.sparsity import Distribution, pools_of

HOPPER = [(256, 11), (256, 256), (3, 256)]
SIZE = 69_120


@pytest.mark.parametrize("sparsity", [0.5, 0.9, 0.95, 0.98, 0.99])
def test_erdos_renyi_keeps_the_budget_and_favours_thin_layers(sparsity: float) -> None:
    counts = [pool.count for pool in pools_of(HOPPER, sparsity, Distribution.ERK)]
    assert sum(counts) == pytest.approx((1 - sparsity) * SIZE, abs=2)
    densities = [count / (rows * columns) for count, (rows, columns) in zip(counts, HOPPER, strict=True)]
    assert densities[1] < densities[0] <= densities[2] <= 1


def test_uniform_layers_have_one_sparsity_and_global_ones_one_budget() -> None:
    assert [p.count for p in pools_of(HOPPER, 0.75, Distribution.UNIFORM)] == [704, 16_384, 192]
    (pool,) = pools_of(HOPPER, 0.75, Distribution.GLOBAL)
    assert (pool.layers, pool.count) == ((0, 1, 2), SIZE // 4)


@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    sparsity=st.floats(0, 0.9999),
    distribution=st.sampled_from(Distribution),
)
def test_every_layer_keeps_a_path_for_each_output_and_no_more_than_it_has(
    widths: list[int], sparsity: float, distribution: Distribution
) -> None:
    shapes = [(rows, columns) for columns, rows in itertools.pairwise(widths)]
    pools = pools_of(shapes, sparsity, distribution)
    assert [i for pool in pools for i in pool.layers] == list(range(len(shapes)))
    for pool in pools:
        least = sum(widths[-1] if i == len(shapes) - 1 else 1 for i in pool.layers)
        assert least <= pool.count <= sum(shapes[i][0] * shapes[i][1] for i in pool.layers)
