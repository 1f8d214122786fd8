"""A policy folder becomes a design that the later stages read, or one line that says why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.engines.unrolled import build as build_module
from ganglion.hw.engines.unrolled.build import plan, require_hope
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.reference import IntNetwork
from tests.hw.bare import build_bare
from tests.hw.engines.unrolled.corners import CORNERS
from tests.networks import random_network

BOARD = find_board("Pynq-Z2")


@pytest.fixture
def network() -> IntNetwork:
    return random_network(np.random.default_rng(4), [5, 9, 3], density=0.8)


def test_description_names_the_files_and_streams(network: IntNetwork, tmp_path: Path) -> None:
    made = plan(network, UnrolledShape())
    bare = build_bare(made, tmp_path)
    design = bare.design
    assert {source.name for source in (tmp_path / "rtl").iterdir()} == {
        Path(source).name for source in design.sources
    }
    assert (tmp_path / "mem").is_dir() and not bare.description["memories"]
    assert (design.input.format.features, design.output.format.features) == (5, 3)
    assert (design.input.format.words, design.output.format.width_bits) == (1, 24)
    assert [tap.layer for tap in design.taps] == ["fc1", "fc2"]
    details = made.details()
    assert (details["interval_cycles"], details["latency_cycles"]) == (1, made.schedule.n_stages + 1)
    assert sum(layer["cycles"] for layer in made.layers()) >= made.schedule.n_stages
    assert details["csd_digits_total"] > 0
    assert (details["adders_per_stage"], details["csd_digits"], details["adder_inputs"], details["xc7"]) == (
        2, None, 3, True,
    )  # fmt: skip


def test_parts_without_ternary_adders_get_binary_ones() -> None:
    settings = UnrolledShape()
    assert settings.on(BOARD) == settings
    ultrascale = settings.on(replace(BOARD, part="xczu3eg-sbva484-1-e"))
    assert (ultrascale.adder_inputs, ultrascale.xc7) == (3, False)
    lattice = settings.on(replace(BOARD, part="LFE5U-85F"))
    assert (lattice.adder_inputs, lattice.xc7) == (2, False)


def test_layer_with_unread_neurons_has_no_tap(tmp_path: Path) -> None:
    design = build_bare(plan(CORNERS["rows"], UnrolledShape()), tmp_path).design
    assert [tap.layer for tap in design.taps] == ["fc2"]


def test_design_over_the_part_is_refused_with_its_numbers(network: IntNetwork) -> None:
    small = replace(BOARD, resources=replace(BOARD.resources, lut=900))
    with pytest.raises(CompileError, match=r"engine: \d+ LUT needed of Pynq-Z2's 675; .* ENGINE=folded"):
        plan(network, UnrolledShape()).require_fit(small)


def test_too_many_registers_ask_for_longer_stages(network: IntNetwork) -> None:
    small = replace(BOARD, resources=replace(BOARD.resources, ff=90))
    with pytest.raises(CompileError, match=r"engine: \d+ FF needed of Pynq-Z2's 90; raise CUT"):
        plan(network, UnrolledShape()).require_fit(small)


def test_dense_network_is_refused_before_it_is_solved(network: IntNetwork) -> None:
    require_hope(network, UnrolledShape(), BOARD)
    dense = random_network(np.random.default_rng(0), [11, 256, 256, 3], density=1.0, weight_bits=4)
    with pytest.raises(CompileError, match=r"LUT needed of Pynq-Z2's 39,900"):
        require_hope(dense, UnrolledShape(), BOARD)


def test_policy_over_the_digit_limit_is_refused(network: IntNetwork) -> None:
    with pytest.raises(CompileError, match=r"weight -?\d+ at \[\d+, \d+\] has \d CSD digits, allowed 1"):
        plan(network, UnrolledShape(csd_digits=1))


def test_wrong_graph_is_found_before_anything_is_written(
    network: IntNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tuple(weight.copy() for weight in network.weights)
    weights[0][0] = -weights[0][0]
    wrong = build_module.lower(replace(network, weights=weights), 3)
    monkeypatch.setattr(build_module, "lower", lambda network, adder_inputs: wrong)
    with pytest.raises(MismatchError, match=r"unrolled graph: layer fc1, vector \d+, neuron 0: expected"):
        plan(network, UnrolledShape(adders_per_stage=3))
