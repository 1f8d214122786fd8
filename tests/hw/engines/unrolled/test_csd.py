"""A policy not trained within the limit is refused with its worst weight."""

import pytest

from ganglion.hw.engines.unrolled.csd import check_csd_digits
from ganglion.models.build.errors import CompileError
from tests.hw.engines.unrolled.corners import INT8, network_of


def test_weight_over_the_limit_is_named() -> None:
    network = network_of([([[4, 3], [0, 5]], [0, 0], 0, INT8), ([[6, 0], [107, 43]], [0, 0], 0, INT8)], INT8)
    check_csd_digits(network, None)
    with pytest.raises(
        CompileError,
        match=r"fc2: weight 107 at \[1, 0\] has 4 CSD digits, allowed 3 \(2 weights have .*set csd_digits=4",
    ):
        check_csd_digits(network, 3)
    check_csd_digits(network, 4)
