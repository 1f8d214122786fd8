"""Every fault of an unrolled engine's adders and clips that can matter is found by hw.simulate."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.unrolled.plan import plan
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from tests.hw.bare import NODE, build_bare
from tests.hw.faults.adders import FAULT_FILE, with_faults
from tests.hw.faults.proof import Proof
from tests.networks import random_network


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_wrong_adder_or_clip_is_found_unless_no_input_shows_it(every: int, tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(4), (2, 6, 5, 2), density=0.7)
    made = build_bare(plan(network, UnrolledShape(adders_per_stage=2)), tmp_path)
    faults = with_faults(tmp_path / "rtl" / f"{NODE}_core.sv")
    chosen = tmp_path / FAULT_FILE
    chosen.parent.mkdir(exist_ok=True)
    chosen.write_text("0\n")
    bench, proof = made.bench(1000), Proof.of(network)
    assert proof.passes(bench)
    missed = []
    for number, fault in list(enumerate(faults, start=1))[::every]:
        chosen.write_text(f"{number:x}\n")
        missed += [fault] if proof.misses(bench, tmp_path / "run") else []
    assert missed == []
