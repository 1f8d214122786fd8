"""The compile stage: what it leaves behind, when it skips itself, and that a failure keeps what was there."""

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.hw.compile import compile_build, compile_policy, compile_stage
from ganglion.hw.design.design import load_design
from ganglion.hw.engines.folded.shape import Multiplier
from ganglion.hw.mapping.compile_settings import compile_settings, options_for
from ganglion.hw.target.board import find_board
from ganglion.models.build.errors import CompileError, ExportError, GanglionError, MismatchError
from ganglion.models.build.paths import BuildPaths
from ganglion.models.formats.policy_folder import load_policy
from tests.models.layers.nets import residual_network
from tests.networks import write_network, write_random_policy

SETTINGS = compile_settings(find_board("Pynq-Z2"), "dense")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> BuildPaths:
    paths = BuildPaths.of("tiny", tmp_path_factory.mktemp("build"))
    write_random_policy(paths.policy, np.random.default_rng(0), (5, 13, 3), n_vectors=40)
    run(paths, board="KV260")
    return paths


@pytest.fixture
def build(compiled: BuildPaths, tmp_path: Path) -> BuildPaths:
    """Return a copy of the compiled build that a test may spoil."""
    return BuildPaths(root=Path(shutil.copytree(compiled.root, tmp_path / "tiny")))


def run(paths: BuildPaths, **options: Any) -> None:
    compile_build(paths, options_for(**{"engine": "dense"} | options))


def test_description_is_complete_and_its_files_exist(compiled: BuildPaths) -> None:
    design = load_design(compiled)
    network = load_policy(compiled.policy).network
    assert (design.board.name, design.part) == ("KV260_SOM", "xck26-sfvc784-2LV-c")
    assert [tap.layer for tap in design.taps] == ["fc1", "fc2"]
    assert design.input.format.features == network.spec.widths[0]
    assert design.output.format.features == network.spec.widths[-1]
    assert design.inputs.settings["board"]["name"] == "KV260_SOM"
    assert "mvu/mvu_vvu_axi.sv: output-queue" in design.patches
    assert design.commit != "unknown"


def test_no_file_names_a_path_of_this_machine(compiled: BuildPaths) -> None:
    for source in [compiled.hw, *compiled.rtl.iterdir()]:
        assert str(compiled.root) not in source.read_text()


def test_second_run_is_up_to_date(compiled: BuildPaths, capsys: pytest.CaptureFixture[str]) -> None:
    run(compiled, board="KV260")
    assert capsys.readouterr().out == "compile: up to date\n"


def test_lost_memory_or_other_clock_makes_it_run_again(build: BuildPaths) -> None:
    settings = compile_settings(find_board("KV260"), "dense")
    assert compile_stage(build, settings).is_current()
    assert not compile_stage(build, SETTINGS).is_current()
    next(build.mem.iterdir()).unlink()
    assert not compile_stage(build, settings).is_current()


def test_chatter_of_the_tools_stays_in_their_log(
    build: BuildPaths, capfd: pytest.CaptureFixture[str]
) -> None:
    run(build, board="Pynq-Z1")
    out, _ = capfd.readouterr()
    assert out.count("\n") == 1
    assert out.startswith("compile: dense for Pynq-Z1, estimated ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"board": "Z9"}, "board 'Z9' is unknown; known boards: "),
        (
            {"engine": "quantum"},
            "engine 'quantum' is unknown; known engines: auto, dense, folded, unrolled",
        ),
        ({"engine": "auto,dense"}, "engine=auto,dense: auto chooses one engine for all layers"),
        (
            {"engine": "dense,dense,dense"},
            "engine=dense,dense,dense names 3 engines, the policy has 2",
        ),
        (
            {"adders_per_stage": 2},
            "adders_per_stage=2 is for engine=unrolled, but engine=dense does not read it; leave it out",
        ),
        (
            {"engine": "auto", "lanes": 4},
            "lanes=4 is for engine=folded or delta, but engine=auto does not",
        ),
        ({"engine": "unrolled", "csd_digits": 1}, "fc1: weight "),
        ({"engine": "unrolled", "csd_digits": 0}, "csd_digits=0: allowed from 1 to 4"),
        ({"engine": "unrolled", "adders_per_stage": 0}, "adders_per_stage=0: allowed from 1 to 16"),
        ({"engine": "folded", "lanes": 0}, "lanes=0: allowed from 1 to 64"),
        ({"latency_us": (0.0,)}, "latency_us=0.0: allowed are finite times above 0"),
        ({"latency_us": (math.inf,)}, "latency_us=inf: allowed"),
        ({"latency_us": (2.0, math.nan)}, "latency_us=nan: allowed"),
        ({"latency_us": (0.05, 0.1)}, "engine=dense answers in "),
        ({"clock_mhz": 0.0}, "Pynq-Z2: clock_mhz=0.0 is outside 1 to 1000"),
    ],
)
def test_wrong_option_is_one_line(build: BuildPaths, options: dict[str, Any], message: str) -> None:
    with pytest.raises(GanglionError) as refused:
        run(build, **options)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_settings_of_the_engines_reach_the_hardware(build: BuildPaths) -> None:
    run(build, engine="folded,unrolled", lanes=3, multiplier=Multiplier.LUT, adders_per_stage=1)
    design = load_design(build)
    folded, unrolled = (segment.shape for segment in design.segments)
    assert (folded["lanes"], folded["multiplier"], unrolled["adders_per_stage"]) == (3, "lut", 1)
    assert design.estimate is not None and design.estimate.resources.dsp == 0
    settings = design.inputs.settings
    assert settings["engine"] == "folded,unrolled" and settings["settings"]["folded"]["multiplier"] == "lut"


def test_head_on_chip_is_part_of_the_design(build: BuildPaths) -> None:
    run(build, engine="folded", head="chip")
    design = load_design(build)
    assert design.head is not None and (design.head.type, design.head.values) == ("float32", 3)
    assert "rtl/ganglion_head.sv" in design.sources and "mem/head.dat" in design.memories
    assert design.inputs.settings["head"] == "chip"


def test_missing_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"policy is missing; ganglion hw none puts it there"):
        compile_stage(BuildPaths.of("none", tmp_path), SETTINGS)


def test_a_new_design_leaves_nothing_that_was_said_of_the_former(build: BuildPaths) -> None:
    for path in build.of_design:
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    run(build, board="KV260")
    assert all(path.exists() for path in build.of_design)
    with pytest.raises(CompileError):
        run(build, board="icebreaker", engine="folded", lanes=64)
    assert all(path.exists() for path in build.of_design)
    run(build, board="KV260", engine="folded", lanes=2)
    assert not any(path.exists() for path in build.of_design)


def test_truncated_policy_is_named(build: BuildPaths) -> None:
    file = build.policy / "policy.onnx"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ExportError, match=r"policy.onnx: hash mismatch"):
        compile_policy(build, SETTINGS)


def test_failure_keeps_the_previous_artefacts(build: BuildPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(*_: object) -> None:
        raise MismatchError("pass convert: fc1: differs")

    before = build.hw.read_bytes(), sorted(file.name for file in build.rtl.iterdir())
    monkeypatch.setattr("ganglion.hw.finn.golden_check.GoldenCheck.__call__", differ)
    with pytest.raises(MismatchError):
        compile_policy(build, SETTINGS)
    assert (build.hw.read_bytes(), sorted(file.name for file in build.rtl.iterdir())) == before
    load_design(build)


def test_another_kind_of_layer_is_refused_in_one_line(tmp_path: Path) -> None:
    paths = BuildPaths.of("planes", tmp_path)
    write_network(paths.policy, residual_network())
    with pytest.raises(CompileError, match=r"conv2: Add \(a residual\) has no RTL in FINN, only HLS"):
        run(paths)
