"""Every module of the folded engine lints clean on its own; illegal parameters die at elaboration."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.folded.plan import MODULES, plan
from ganglion.hw.engines.folded.shape import FoldedShape
from tests.hw.bare import build_bare
from tests.hw.engines.folded.nets import corner_network
from tests.hw.lint import assert_dies, assert_is_clean_and_says_what_it_is, lint_in
from tests.networks import random_network


@pytest.mark.parametrize("module", MODULES)
def test_module_lints_clean_and_is_short_and_says_what_it_is(module: str) -> None:
    assert_is_clean_and_says_what_it_is(module)


@pytest.mark.parametrize("lanes", [1, 3, 8])
@pytest.mark.parametrize("taps", [True, False])
def test_generated_top_lints_clean(lanes: int, taps: bool, tmp_path: Path) -> None:
    network = corner_network(np.random.default_rng(0))
    if lanes == 1:
        network = random_network(np.random.default_rng(0), (5, 3), input_bits=3, output_bits=5)
    build_bare(plan(network, FoldedShape.of(lanes)), tmp_path)
    options = ["-DGANGLION_TAPS=1"] if taps else []
    assert lint_in(tmp_path / "rtl", "ganglion_top", *options) == ""


@pytest.mark.parametrize(
    ("module", "parameter"),
    [
        ("ganglion_mac", "-GWeightBits=9"),
        ("ganglion_requantize", "-GOutBits=7"),
        ("ganglion_bank", "-GAddressBits=14"),
        ("ganglion_banks", "-GBanks=65"),
        ("ganglion_loader", "-GBase=63"),
        ("ganglion_reduction", "-GLanes=65"),
        ("ganglion_result_queue", "-GOutBits=17"),
        ("ganglion_sequencer", "-GCycles=0"),
        ("ganglion_write_port", "-GDepth=33"),
        ("ganglion_bias_rom", "-GLanes=3"),
        ("ganglion_tap", "-GBits=9"),
    ],
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    assert_dies(module, parameter)
