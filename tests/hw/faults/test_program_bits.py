"""Every bit of a folded engine's memories that can matter is found by hw.simulate when it turns over."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.plan import plan
from ganglion.hw.engines.folded.shape import FoldedShape
from tests.hw.bare import build_bare
from tests.hw.engines.folded.nets import with_types
from tests.hw.faults.program_bits import memory_bits
from tests.hw.faults.proof import Proof
from tests.networks import random_network


@pytest.mark.parametrize(
    ("every", "pipelining"),
    [
        (53, 0),
        pytest.param(1, 0, marks=pytest.mark.slow),
        pytest.param(7, 1, marks=pytest.mark.slow),
    ],
)
def test_a_bit_that_turns_over_is_found_unless_nobody_reads_it(
    every: int, pipelining: int, tmp_path: Path
) -> None:
    network = random_network(np.random.default_rng(3), (2, 7, 6, 3), density=0.7)
    network = with_types(network, ("UINT8", "UINT6", "INT8"))
    made = plan(network, FoldedShape(lanes=5, banks=3, replicas=2, pipelining=pipelining))
    assert made.program.stores and len(made.program.lowered.modes) == 2
    bench, proof = build_bare(made, tmp_path).bench(1000), Proof.of(network)
    assert proof.passes(bench)
    missed, read = [], []
    for bit in memory_bits(made.program)[::every]:
        bit.flip(tmp_path / "mem")
        if not bit.unread:
            missed += [bit] if proof.misses(bench, tmp_path / "run") else []
        elif proof.n_wrong(bench, tmp_path / "run"):
            read.append(bit)
        bit.flip(tmp_path / "mem")
    assert (missed, read) == ([], [])
