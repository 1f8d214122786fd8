"""A policy folder becomes a design that the later stages read, or one line that says why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hw.config import find_board
from hw.unrolled import build as build_module
from hw.unrolled.build import UnrolledSettings, build, build_network
from models.artifacts import CompileError, MismatchError
from models.policy_folder import Policy
from tests.hw.unrolled.corners import CORNERS, all_inputs, design_of
from tests.networks import random_network, write_random_policy

BOARD = find_board("Pynq-Z2")


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return write_random_policy(
        tmp_path_factory.mktemp("policy"), np.random.default_rng(4), [5, 9, 3], density=0.8
    )


def test_description_names_the_files_and_streams(policy: Policy, tmp_path: Path) -> None:
    made = build(policy, UnrolledSettings(), BOARD, tmp_path / "design")
    design = design_of(made)
    assert {source.name for source in (tmp_path / "design" / "rtl").iterdir()} == {
        Path(source).name for source in design.sources
    }
    assert (tmp_path / "design" / "mem").is_dir()
    assert (design.input.format.features, design.output.format.features) == (5, 3)
    assert (design.input.format.words, design.output.format.width_bits) == (1, 24)
    assert [tap.layer for tap in design.taps] == ["fc1", "fc2"]
    described = made.description
    assert described["estimate"]["interval_cycles"] == 1
    assert described["estimate"]["latency_cycles"] == made.schedule.n_stages + 1
    assert sum(layer["cycles"] for layer in described["layers"]) >= made.schedule.n_stages
    assert described["csd_digits_total"] > 0
    assert described["settings"] == {"cut": 2, "csd_digits": None, "adder_inputs": 3, "xc7": True}


def test_parts_without_ternary_adders_get_binary_ones() -> None:
    settings = UnrolledSettings()
    assert settings.on(BOARD) == settings
    ultrascale = settings.on(replace(BOARD, part="xczu3eg-sbva484-1-e"))
    assert (ultrascale.adder_inputs, ultrascale.xc7) == (3, False)
    lattice = settings.on(replace(BOARD, part="LFE5U-85F"))
    assert (lattice.adder_inputs, lattice.xc7) == (2, False)


def test_layer_with_unread_neurons_has_no_tap(tmp_path: Path) -> None:
    network = CORNERS["rows"]
    made = build_network(network, UnrolledSettings(), all_inputs(network), tmp_path / "design")
    assert [tap.layer for tap in design_of(made).taps] == ["fc2"]


@pytest.mark.parametrize("lut", [100, 900])
def test_design_over_the_part_is_refused_with_its_numbers(policy: Policy, tmp_path: Path, lut: int) -> None:
    small = replace(BOARD, resources=replace(BOARD.resources, lut=lut))
    with pytest.raises(
        CompileError, match=rf"engine: \d+ LUT needed of Pynq-Z2's {lut * 3 // 4}; .* ENGINE=folded"
    ):
        build(policy, UnrolledSettings(), small, tmp_path / "lut")


def test_too_many_registers_ask_for_longer_stages(policy: Policy, tmp_path: Path) -> None:
    small = replace(BOARD, resources=replace(BOARD.resources, ff=90))
    with pytest.raises(CompileError, match=r"engine: \d+ FF needed of Pynq-Z2's 90; raise CUT"):
        build(policy, UnrolledSettings(), small, tmp_path / "ff")


def test_dense_network_is_refused_before_it_is_solved(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_module, "lower", None)
    dense = random_network(np.random.default_rng(0), [11, 256, 256, 3], density=1.0, weight_bits=4)
    with pytest.raises(CompileError, match=r"LUT needed of Pynq-Z2's 39,900"):
        build(replace(policy, network=dense), UnrolledSettings(), BOARD, tmp_path / "design")


def test_policy_over_the_digit_limit_is_refused(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"fc1: weight -?\d+ at \[\d+, \d+\] has \d CSD digits, allowed 1"):
        build(policy, UnrolledSettings(csd_digits=1), BOARD, tmp_path / "design")


def test_wrong_graph_is_found_before_anything_is_written(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tuple(weight.copy() for weight in policy.network.weights)
    weights[0][0] = -weights[0][0]
    wrong = build_module.lower(replace(policy.network, weights=weights), 3)
    monkeypatch.setattr(build_module, "lower", lambda network, adder_inputs: wrong)
    with pytest.raises(MismatchError, match=r"unrolled graph: layer fc1, vector \d+, neuron 0: expected"):
        build(policy, UnrolledSettings(), BOARD, tmp_path / "design")
    assert not (tmp_path / "design").exists()
