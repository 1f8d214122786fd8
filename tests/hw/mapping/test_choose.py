"""ENGINE=auto: the smallest engine that fits and answers in time, or what would."""

import json
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest

from ganglion.hw.compile import compile_policy
from ganglion.hw.design.design import load_design
from ganglion.hw.mapping.choose import CUTS, candidates, choose
from ganglion.hw.mapping.compile_settings import CompileSettings
from ganglion.hw.synth import synthesize
from ganglion.hw.target.board import Board, Engine, find_board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.reference import IntNetwork
from ganglion.models.select_policy import shipped_policy
from tests.networks import random_network, write_random_policy

BOARD = find_board("Pynq-Z2")


@pytest.fixture(scope="module")
def network() -> IntNetwork:
    return random_network(np.random.default_rng(0), (11, 64, 48, 3), density=0.1)


def _tiny_board() -> Board:
    return replace(BOARD, resources=Resources(lut=90, ff=90, dsp=1, bram18=1))


def test_the_choice_fits_is_fast_enough_and_nothing_smaller_is(network: IntNetwork) -> None:
    for latency_us in (0.2, 0.5, 2.0, 10.0):
        choice = choose(network, BOARD, latency_us)
        assert choice.taken.fits(BOARD) and choice.taken.latency_us(BOARD) <= latency_us
        for other in choice.candidates:
            if other.fits(BOARD) and other.latency_us(BOARD) <= latency_us:
                assert other.share(BOARD) >= choice.taken.share(BOARD)


def test_a_tighter_latency_never_takes_less_of_the_part(network: IntNetwork) -> None:
    shares = [choose(network, BOARD, latency_us).taken.share(BOARD) for latency_us in (10.0, 1.0, 0.3, 0.15)]
    assert shares == sorted(shares)


def test_all_three_engines_are_candidates(network: IntNetwork) -> None:
    assert {candidate.engine for candidate in candidates(network, BOARD)} == set(Engine) - {Engine.AUTO}


def test_an_impossible_latency_names_the_fastest_engine(network: IntNetwork) -> None:
    message = r"no engine answers within 0.001 µs on Pynq-Z2: the fastest that fits is ENGINE=unrolled CUT=\d"
    with pytest.raises(CompileError, match=message + r" with 0\.\d+ µs; set LATENCY_US"):
        choose(network, BOARD, 0.001)


def test_a_part_too_small_for_every_engine_is_refused(network: IntNetwork) -> None:
    with pytest.raises(CompileError, match=r"no engine fits Pynq-Z2: the smallest, ENGINE=\w+.*larger BOARD"):
        choose(network, _tiny_board(), 2.0)


def test_auto_records_what_it_chose_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = BuildPaths.of("auto", tmp_path)
    write_random_policy(paths.policy, np.random.default_rng(0), (5, 9, 2), n_vectors=20)
    compile_policy(paths, CompileSettings(board=BOARD, engines=(Engine.AUTO,)))
    described = json.loads(paths.hw.read_text())
    assert f"ENGINE={described['engine']}" in described["choice"]["taken"]
    shown = capsys.readouterr().out
    for candidate in described["choice"]["candidates"]:
        assert candidate["name"] in shown


def _folded(lanes: int) -> CompileSettings:
    return CompileSettings(board=BOARD, engines=(Engine.FOLDED,), lanes=lanes)


def _unrolled(cut: int) -> CompileSettings:
    return CompileSettings(board=BOARD, engines=(Engine.UNROLLED,), cut=cut)


# Yosys takes minutes for the 95% policy unrolled: one cut stands for all.
SYNTHESIZED = [
    ("sac-sparse98-int8", CompileSettings(board=BOARD, engines=(Engine.DENSE,))),
    *(("sac-sparse98-int8", settings) for settings in (*map(_folded, (4, 8, 16, 32)), *map(_unrolled, CUTS))),
    *(("sac-sparse95-int8", settings) for settings in (*map(_folded, (4, 8, 16, 32)), _unrolled(2))),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    SYNTHESIZED,
    ids=[f"{name}-{setting.engine_names}-{setting.lanes}-{setting.cut}" for name, setting in SYNTHESIZED],
)
def test_predictions_are_within_15_percent_of_synthesis(
    name: str, settings: CompileSettings, tmp_path: Path
) -> None:
    folder = shipped_policy("Hopper").parent / name
    policy = load_policy(folder)
    paths = BuildPaths.of("Hopper", tmp_path)
    paths.root.mkdir()
    paths.policy.symlink_to(folder)
    compile_policy(paths, settings)
    counted = synthesize(paths, load_design(paths))
    (engine,) = settings.engines
    setting = {Engine.FOLDED: settings.lanes, Engine.UNROLLED: settings.cut}.get(engine, 0)
    predicted = next(
        candidate
        for candidate in candidates(policy.network, BOARD)
        if (candidate.engine, candidate.setting) == (engine, setting)
    )
    for field in fields(Resources):
        got = getattr(counted, field.name)
        assert asdict(predicted.resources)[field.name] == pytest.approx(got, rel=0.15, abs=2), field.name
