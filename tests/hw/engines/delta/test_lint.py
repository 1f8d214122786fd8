"""Every module of the delta engine lints clean on its own; illegal parameters die at elaboration."""

from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.delta.plan import MODULES, plan
from ganglion.hw.engines.delta.shape import DeltaShape
from tests.hw.bare import build_bare
from tests.hw.engines.delta.nets import column_network, with_thresholds
from tests.hw.lint import assert_dies, assert_is_clean_and_says_what_it_is, lint_in
from tests.networks import random_network

OWN = [module for module in MODULES if "delta" in module]


@pytest.mark.parametrize("module", OWN)
def test_module_lints_clean_and_is_short_and_says_what_it_is(module: str) -> None:
    assert_is_clean_and_says_what_it_is(module)


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("taps", [True, False])
def test_generated_top_lints_clean(lanes: int, taps: bool, tmp_path: Path) -> None:
    network = with_thresholds(column_network(np.random.default_rng(0)), 1, 0, 3)
    shape = DeltaShape(lanes=lanes, channels=lanes, packed=lanes == 1)
    if lanes == 1:
        network = random_network(np.random.default_rng(0), (5, 3), input_bits=3, output_bits=5)
    build_bare(plan(network, shape), tmp_path)
    options = ["-DGANGLION_TAPS=1"] if taps else []
    assert lint_in(tmp_path / "rtl", "ganglion_top", *options) == ""


@pytest.mark.parametrize(
    ("module", "parameter"),
    [
        ("ganglion_delta_columns", "-GWords=0"),
        ("ganglion_delta_walker", "-GStartWord=560"),
        ("ganglion_delta_lane", "-GBits=33"),
        ("ganglion_delta_channels", "-GChannels=17"),
        ("ganglion_delta_channel", "-GIds=129"),
        ("ganglion_delta_input", "-GInBits=9"),
        ("ganglion_delta_control", "-GLayers=0"),
        ("ganglion_delta_unit", "-GProductBits=23"),
        ("ganglion_delta_output", "-GUnits=129"),
    ],
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    assert_dies(module, parameter)
