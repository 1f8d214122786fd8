"""The simulate stage proves a build or leaves no proof, and runs again only when something changed."""

import shutil
from pathlib import Path

import pytest

from ganglion.hw import simulate
from ganglion.hw.design.design import load_design
from ganglion.hw.sim.vectors import proof_vectors
from ganglion.hw.simulate import Simulation
from ganglion.models.build.codec import decode_json
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.build.files import read_json, write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from tests.hw.bare import share_simulators
from tests.hw.toy import THRESHOLDS, WRONG_NEURON, write_toy_build, write_toy_policy


@pytest.fixture
def paths(tmp_path: Path) -> BuildPaths:
    paths = BuildPaths.of("toy", tmp_path)
    share_simulators(paths)
    write_toy_policy(paths.policy, "Hopper-v4")
    return paths


def run(paths: BuildPaths) -> None:
    simulate.run(BuildSettings(name="toy", build=paths.root.parent))


def test_a_sound_build_is_proven_once(paths: BuildPaths, capsys: pytest.CaptureFixture[str]) -> None:
    write_toy_build(paths)
    run(paths)
    result = decode_json(Simulation, paths.sim)
    assert result.vectors > 10_000  # those that were sought, too
    assert (result.latency_cycles, result.interval_cycles) == (14, 11.0)
    run(paths)
    assert capsys.readouterr().out.splitlines()[-1] == "simulate: up to date"


def test_thresholds_are_proven_over_episodes(paths: BuildPaths) -> None:
    shutil.rmtree(paths.policy)
    policy = write_toy_policy(paths.policy, "Hopper-v4", thresholds=THRESHOLDS)
    vectors = proof_vectors(policy)
    assert vectors.starts is not None and vectors.starts[: len(policy.golden["input"])].sum() == 4
    write_toy_build(paths, thresholds=THRESHOLDS)
    run(paths)
    assert decode_json(Simulation, paths.sim).vectors == len(vectors.inputs) > 10_000


def test_a_faulty_build_leaves_no_proof(paths: BuildPaths) -> None:
    write_toy_build(paths)
    run(paths)
    write_toy_build(paths, WRONG_NEURON)
    value = read_json(paths.hw)
    write_json(paths.hw, value | {"behavioural": ["a change"]})
    with pytest.raises(MismatchError, match=r"layer fc1: vector \d+, neuron 2: expected \d+, got \d+"):
        run(paths)
    assert not paths.sim.exists()


def test_a_build_of_another_policy_is_refused(paths: BuildPaths) -> None:
    write_toy_build(paths)
    (paths.policy / "policy.json").write_text("{}")
    with pytest.raises(
        CompileError,
        match="was compiled from another policy.json; run ganglion compile toy again",
    ):
        load_design(paths)


def test_a_missing_source_is_named(paths: BuildPaths) -> None:
    write_toy_build(paths)
    (paths.root / "rtl" / "toy_layer.sv").unlink()
    with pytest.raises(CompileError, match="toy_layer.sv is missing; run ganglion compile toy again"):
        run(paths)


def test_an_altered_memory_is_named(paths: BuildPaths) -> None:
    write_toy_build(paths)
    value = read_json(paths.hw)
    write_json(paths.hw, value | {"memories": {"mem/fc1.dat": "0" * 64}})
    with pytest.raises(CompileError, match="fc1.dat: hash mismatch"):
        run(paths)
