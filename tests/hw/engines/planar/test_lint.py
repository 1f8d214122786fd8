"""Every module of the planar engine lints clean on its own; illegal parameters die at elaboration."""

from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw.engines.planar.plan import MODULES, plan
from ganglion.hw.engines.planar.shape import shapes
from tests.hw.bare import build_bare
from tests.hw.engines.planar.nets import toy_convolutions
from tests.hw.lint import assert_dies, assert_is_clean_and_says_what_it_is, lint_in

OWN = [module for module in MODULES if "planar" in module]


@pytest.mark.parametrize("module", OWN)
def test_module_lints_clean_and_is_short_and_says_what_it_is(module: str) -> None:
    assert_is_clean_and_says_what_it_is(module)


@pytest.mark.parametrize(("taps", "number"), [(True, 1), (False, 2)])
def test_generated_top_lints_clean(taps: bool, number: int, tmp_path: Path) -> None:
    network = toy_convolutions()
    build_bare(plan(network, replace(next(shapes(network)), streams=number, packing=number)), tmp_path)
    options = ["-DGANGLION_TAPS=1"] if taps else []
    assert lint_in(tmp_path / "rtl", "ganglion_top", *options) == ""


@pytest.mark.parametrize(
    ("module", "parameter"),
    [
        ("ganglion_planar_lane", "-GValueBits=1"),
        ("ganglion_planar_pair", "-GWeightBits=9"),
        ("ganglion_planar_grid", "-GPacking=3"),
        ("ganglion_planar_lanes", "-GAllChannels=0"),
        ("ganglion_planar_shifter", "-GRows=5"),
        ("ganglion_planar_banks", "-GValueBits=9"),
        ("ganglion_planar_address", "-GLiftedBits=7"),
        ("ganglion_planar_frames", "-GFrameChannels=3"),
        ("ganglion_planar_loader", "-GChunk=5"),
        ("ganglion_planar_layers", "-GGap=16"),
        ("ganglion_planar_sequencer", "-GWords=1"),
        ("ganglion_planar_stream", "-GRows=7"),
        ("ganglion_planar_write", "-GStreams=3"),
        ("ganglion_planar_turns", "-GChannels=1"),
        ("ganglion_planar_plane", "-GHeight=5"),
        ("ganglion_planar_drain", "-GChunk=9"),
    ],
)
def test_an_illegal_parameter_dies_at_elaboration(module: str, parameter: str) -> None:
    assert_dies(module, parameter)
