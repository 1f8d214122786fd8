"""The engine that is chosen: the smallest that fits and answers in time, or what would."""

import logging
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import load_design
from ganglion.hw.engines.engine import Candidate, EngineSettings
from ganglion.hw.engines.folded.plan import FoldedPlan
from ganglion.hw.engines.folded.settings import FoldedSettings
from ganglion.hw.engines.folded.shape import Multiplier
from ganglion.hw.engines.registry import engines, find_engine, registered
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.mapping.choose import choose, in_time, kept_us
from ganglion.hw.mapping.compile_settings import CompileSettings, compile_settings
from ganglion.hw.mapping.layout import lay_out
from ganglion.hw.synth import synthesize
from ganglion.hw.target.board import find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.reference import IntNetwork
from ganglion.models.select_policy import shipped_policy
from tests.networks import random_network, write_random_policy

BOARD = find_board("Pynq-Z2")


@pytest.fixture(scope="module")
def network() -> IntNetwork:
    return random_network(np.random.default_rng(0), (11, 64, 48, 3), density=0.1)


def _fast(candidate: Candidate, latency_us: float) -> bool:
    return BOARD.holds(candidate.resources) and candidate.latency_cycles <= latency_us * BOARD.clock_mhz


ABLE = [engine for engine in engines() if "dense" in engine.kinds]
"""Those that compute a policy of dense layers."""


def _share(candidate: Candidate) -> float:
    return candidate.resources.share_of(BOARD.resources)


def test_the_choice_fits_is_fast_enough_and_nothing_smaller_is(network: IntNetwork) -> None:
    # No time is enough for the folded engine to stop trying more lanes.
    without_state = [engine for engine in ABLE if not engine.keeps_state]
    known = [each for engine in without_state for each in engine.candidates(network, BOARD, 0)]
    for latency_us in (0.2, 0.5, 2.0, 10.0):
        choice = choose(network, BOARD, latency_us)
        assert _fast(choice.taken, latency_us)
        assert all(_share(each) >= _share(choice.taken) for each in known if _fast(each, latency_us))


def test_an_engine_with_state_is_taken_only_where_no_other_will_do(network: IntNetwork) -> None:
    class Free(type(find_engine("delta"))):
        def _planned(self, *asked: Any) -> Any:
            return replace(super()._planned(*asked), resources=Resources(lut=1, ff=1, dsp=1, bram=0))

    with registered(Free()):
        choice = choose(network, BOARD, 2.0)
        assert choice.taken.engine == "folded"
        least = min(_share(each) for each in choice.candidates if each.engine == "delta")
        assert least < _share(choice.taken)


@pytest.mark.parametrize("board", ["Pynq-Z2", "ULX3S"])
def test_a_candidate_promises_the_interval_of_its_node(board: str) -> None:
    one_layer = random_network(np.random.default_rng(0), (24, 3), density=1.0)
    for each in find_engine("folded").candidates(one_layer, find_board(board), 0):
        assert isinstance(each.plan, FoldedPlan)
        assert each.interval_cycles == each.plan.interval_cycles(each.plan.entry.words)
        # The last weights read what was loaded first, so the next vector comes after the program's end.
        assert each.interval_cycles > each.plan.program.n_cycles or each.settings.lanes > 32


def test_a_tighter_latency_never_takes_less_of_the_part(network: IntNetwork) -> None:
    shares = [_share(choose(network, BOARD, latency_us).taken) for latency_us in (10.0, 1.0, 0.3, 0.15)]
    assert shares == sorted(shares)


@pytest.mark.parametrize("name", [engine.name for engine in ABLE if not engine.keeps_state])
def test_thresholds_are_refused_by_an_engine_without_state(network: IntNetwork, name: str) -> None:
    network = replace(network, spec=replace(network.spec, thresholds=(1, 0, 0)))
    engine = find_engine(name)
    with pytest.raises(CompileError, match=rf"engine={name} keeps no state, .* thresholds \[1, 0, 0\] need"):
        lay_out(network, [engine] * 3, {name: engine.settings()}, BOARD)


def test_auto_takes_no_engine_without_state_for_thresholds(network: IntNetwork) -> None:
    class Stateful(type(find_engine("folded"))):
        name = "stateful"
        keeps_state = True

    network = replace(network, spec=replace(network.spec, thresholds=(1, 0, 0)))
    with registered(Stateful()):
        able = {engine.name for engine in engines() if engine.keeps_state}
        assert {each.engine for each in choose(network, BOARD, 50.0).candidates} <= able


def test_every_engine_that_can_compute_the_policy_is_a_candidate(network: IntNetwork) -> None:
    considered = {candidate.engine for candidate in choose(network, BOARD, 2.0).candidates}
    assert considered == {engine.name for engine in ABLE}


def test_the_choice_brings_its_plan(network: IntNetwork) -> None:
    choice = choose(network, BOARD, 2.0)
    assert choice.taken.engine == "folded" and choice.taken.plan is not None
    chosen = [find_engine("folded")] * 3
    layout = lay_out(network, chosen, {}, BOARD, choice.taken.plan and {0: choice.taken.plan})
    assert layout.nodes[0].plan is choice.taken.plan


def test_an_impossible_latency_names_the_fastest_engine(network: IntNetwork) -> None:
    message = (
        r"no engine answers within 0.001 µs on Pynq-Z2: the fastest that fits is engine=unrolled adders_per_"
    )
    with pytest.raises(
        CompileError, match=message + r"stage=\d with 0\.\d+ µs; set latency_us=0\.\d+ or more"
    ):
        choose(network, BOARD, 0.001)


@pytest.mark.parametrize("clock_mhz", [27.0, 90.0, 100.0])
def test_the_time_that_a_refusal_names_is_kept(network: IntNetwork, clock_mhz: float) -> None:
    board = replace(BOARD, clock_mhz=clock_mhz)
    assert all(in_time(cycles, kept_us(cycles, board), board) for cycles in range(1, 2000))
    with pytest.raises(CompileError) as refused:
        choose(network, board, 0.001)
    named = re.search(r"set latency_us=([\d.]+) or more", str(refused.value))
    assert named and choose(network, board, float(named.group(1))).taken


@pytest.mark.parametrize("engine", ["folded", "delta"])
def test_a_network_of_few_weights_has_as_many_lanes(engine: str) -> None:
    network = random_network(np.random.default_rng(0), (2, 1))
    planned = find_engine(engine).candidates(network, BOARD, 0)
    assert [each.name for each in planned] == [f"engine={engine} lanes=2"]


def test_of_several_latencies_the_first_that_any_engine_keeps_is_taken() -> None:
    network = random_network(np.random.default_rng(0), (5, 6, 2))
    alone, of_three = choose(network, BOARD, 2.0), choose(network, BOARD, 0.001, 2.0, 10.0)
    assert (of_three.taken.name, of_three.latency_us) == (alone.taken.name, 2.0)
    with pytest.raises(CompileError, match=r"no engine answers within 0\.001 or 0\.002 µs on Pynq-Z2"):
        choose(network, BOARD, 0.001, 0.002)


@pytest.mark.parametrize("engine", ["folded", "delta"])
def test_no_more_lanes_are_planned_than_the_first_that_a_part_cannot_hold(
    engine: str, network: IntNetwork
) -> None:
    small = replace(BOARD, resources=replace(BOARD.resources, dsp=10))  # nine of them are ours
    empty = replace(BOARD, resources=replace(BOARD.resources, bram=0))
    for board, lanes in ((small, [4, 8, 12]), (empty, [4])):
        planned = find_engine(engine).candidates(network, board, 0)
        assert [each.name for each in planned] == [f"engine={engine} lanes={count}" for count in lanes]


def test_a_part_too_small_for_every_engine_is_refused(network: IntNetwork) -> None:
    tiny = replace(BOARD, resources=Resources(lut=90, ff=90, dsp=1, bram=1))
    with pytest.raises(CompileError, match=r"no engine fits Pynq-Z2: the smallest, engine=\w+.*larger board"):
        choose(network, tiny, 2.0)


def test_auto_records_what_it_chose_from(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = BuildPaths.of("auto", tmp_path)
    write_random_policy(paths.policy, np.random.default_rng(0), (5, 9, 2), n_vectors=20)
    with caplog.at_level(logging.INFO):
        design = compile_policy(paths, compile_settings(BOARD))
    assert design.choice is not None and f"engine={design.engine}" in design.choice.taken
    assert load_design(paths) == design
    for candidate in design.choice.candidates:
        assert candidate.name in caplog.text


# Yosys takes minutes for the 95% policy unrolled: one depth stands for all. UltraScale+ is held on a sample.
SYNTHESIZED = [
    *(
        ("98", "Pynq-Z2", engine.name, settings)
        for engine in ABLE
        for settings in engine.compared or engine.usual
    ),
    *(("95", "Pynq-Z2", "folded", settings) for settings in find_engine("folded").compared or ()),
    ("95", "Pynq-Z2", "unrolled", UnrolledSettings()),
    *(("98", "ZCU104", "folded", FoldedSettings(lanes=lanes)) for lanes in (4, 8, 16)),
    ("98", "ZCU104", "folded", FoldedSettings(multiplier=Multiplier.LUT)),
    ("98", "ZCU104", "unrolled", UnrolledSettings()),
]


@pytest.mark.slow
@pytest.mark.parametrize(("sparsity", "board_name", "engine", "settings"), SYNTHESIZED, ids=str)
def test_predictions_are_within_15_percent_of_synthesis(
    sparsity: str, board_name: str, engine: str, settings: EngineSettings, tmp_path: Path
) -> None:
    board, paths = find_board(board_name), BuildPaths.of("Hopper", tmp_path)
    paths.root.mkdir()
    paths.policy.symlink_to(shipped_policy("Hopper").parent / f"sac-sparse{sparsity}-int8")
    compiled = CompileSettings(board=board, engines=(find_engine(engine),), settings={engine: settings})
    design = compile_policy(paths, compiled)
    assert design.estimate is not None
    counted = synthesize(paths, design)
    for name, predicted in asdict(design.estimate.resources).items():
        assert predicted == pytest.approx(getattr(counted, name), rel=0.15, abs=2), name
