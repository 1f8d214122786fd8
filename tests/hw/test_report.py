"""The report: its keys are those that docs/report.md promises, its table says what they hold."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw import report
from ganglion.hw.bitstream import Bitstream
from ganglion.hw.closed_loop import ClosedLoop
from ganglion.hw.gatelevel.activity import Activity
from ganglion.hw.gatelevel.energy import Energy
from ganglion.hw.gates import GateLevel
from ganglion.hw.report import STAGES, collect, print_table
from ganglion.hw.shell.description import describe
from ganglion.hw.sim.latency import Latency
from ganglion.hw.simulate import Simulation
from ganglion.hw.synth import Synthesis
from ganglion.models.build.codec import encode, encode_json
from ganglion.models.build.errors import ExportError, GanglionError
from ganglion.models.build.files import read_json, sha256_file, write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.settings import BuildSettings
from ganglion.models.build.stage import Stage
from tests.damage import damages
from tests.hw.toy import toy_design, write_toy_build, write_toy_policy

DOCUMENT = Path(__file__).parents[2] / "docs" / "report.md"
SIMULATION = Simulation(
    vectors=10_000,
    mismatches=0,
    stall_percent=(0, 50),
    stalled_vectors=500,
    resets=12,
    latency_cycles=389,
    interval_cycles=270.0,
    inferences_per_s=400,
    cycles_per_s=100_000,
    hardware_inferences_per_s=370_370,
    compile_s=8.5,
    behavioural=(),
)
CLOSED_LOOP = ClosedLoop(
    status="done",
    env="Hopper-v4",
    episodes=3,
    steps=3000,
    return_mean_pytorch=3200.5,
    return_mean_rtl=3200.5,
    seeds=(1000, 1001, 1002),
)
COUNTS = {"lut": 31_000, "ff": 73_000, "dsp": 200, "bram": 57, "carry": 0, "other": 0}
SYNTHESIS = Synthesis(
    tool="yosys",
    part="xc7z020",
    **COUNTS,
    utilisation={"lut": 0.583, "ff": 0.686, "dsp": 0.909, "bram": 0.204},
    nodes={"top": COUNTS},
    notes=("mapped",),
    seconds=20.0,
)
GATES = GateLevel(
    hw="",
    netlist="by yosys",
    cells={"LUT6": 1000, "FDRE": 500},
    vectors=10_000,
    mismatches=0,
    stalled_vectors=500,
    resets=12,
    latency_cycles=389,
    inferences_per_s=300,
    compile_s=30.0,
    activity=Activity(actions=200, cycles=390.0, toggles={"ff": 4000.0}, nets={"ff": 500}),
    energy=Energy(dynamic_nj=(1.5, 4.0), static_nj=0.5, not_counted=(), source="a paper", reason=None),
)
BITSTREAM = Bitstream(status="skipped", reason="vivado is not on the PATH")


@pytest.fixture
def paths(tmp_path: Path) -> BuildPaths:
    paths = BuildPaths.of("toy", tmp_path)
    known = {"sparsity": 0.98, "nnz": 1382, "nnz_live": 1300, "return_mean": 3210.4, "return_std": 12.3}
    write_toy_policy(paths.policy, "Hopper-v4")
    path = paths.policy / "policy.json"
    write_json(path, read_json(path) | {"provenance": known | {"episodes": 20}})
    write_toy_build(paths)
    gates = replace(GATES, hw=sha256_file(paths.hw))
    for file, value in (
        (paths.gates, gates),
        (paths.sim, SIMULATION),
        (paths.closed_loop, CLOSED_LOOP),
        (paths.synth, SYNTHESIS),
        (paths.shell_json, describe(toy_design(paths.root), sha256_file(path), ())),
        (paths.bitstream, BITSTREAM),
    ):
        encode_json(file, value)
    for name in (*STAGES, "bitstream", "gates"):
        with Stage(root=paths.root, name=name, inputs={}).running([]):
            pass
    return paths


def test_the_report_holds_every_documented_key(paths: BuildPaths) -> None:
    written = encode(collect(paths))
    text = re.sub(r"\([^)]*\)", "", DOCUMENT.read_text().partition("\n")[2]).replace("\n", " ")
    for section, keys in re.findall(r"`(\w+)`\s*\{([^}]*)\}", text):
        assert set(re.findall(r"`(\w+)`", keys)) <= written[section].keys(), section
    for name in re.findall(r"`(\w+)`", re.sub(r"\{[^}]*\}", "", text)):
        assert name in written, name


def test_the_table_shows_the_numbers(paths: BuildPaths, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(collect(paths))
    shown = capsys.readouterr().out
    for text in (
        "1,300 live",
        "98.0 % sparse",
        "0 mismatches in 10,000",
        "3.89 µs",
        "3200.50 by PyTorch",
        "31,000 LUT (58 %)",
        "vivado is not",
        "0 mismatches in 10,000 vectors of 1,500 cells",
        "4,000 toggles of 500 nets",
        "estimate: 1.5 to 4 nJ",
    ):
        assert text in shown


def test_latency_that_depends_on_data_is_shown_as_a_distribution(paths: BuildPaths) -> None:
    latency = Latency(steps=3000, mean_cycles=87.25, p99_cycles=120, max_cycles=131, worst_case_cycles=190)
    shown = dict(report.rows(replace(collect(paths), closed_loop=replace(CLOSED_LOOP, latency=latency))))
    assert shown["latency"] == (
        "mean 87 cycles = 0.87 µs, 99 % within 120, all 3,000 within 131; never more than 190"
    )


def test_a_policy_without_provenance_has_a_report_too(paths: BuildPaths) -> None:
    path = paths.policy / "policy.json"
    write_json(path, read_json(path) | {"provenance": {}})
    write_toy_build(paths)
    found = collect(paths)
    assert found.policy.return_mean is None
    print_table(found)


def test_a_flows_own_power_replaces_the_estimate(paths: BuildPaths) -> None:
    done = {"flow": "vivado", "files": {"a.bit": 1}, "asked_mhz": 100.0, "met_mhz": 100.0, "power_w": 1.5}
    made = replace(collect(paths), bitstream=Bitstream(status="done", **done), clock_mhz=100.0)
    energy = dict(report.rows(made))["energy"]
    assert energy == "1.5 W by vivado for the whole part, 5,835 nJ while it computes"


def test_gates_of_another_design_are_left_out(paths: BuildPaths) -> None:
    assert collect(paths).gates is not None
    write_json(paths.hw, read_json(paths.hw) | {"behavioural": ["a change"]})
    assert collect(paths).gates is None
    paths.gates.unlink()
    assert collect(paths).gates is None


def test_a_missing_stage_is_named(paths: BuildPaths) -> None:
    paths.sim.unlink()
    with pytest.raises(ExportError, match=r"sim.json is missing; run ganglion simulate \w+ first"):
        collect(paths)


def test_no_bit_file_need_have_been_asked_for(paths: BuildPaths) -> None:
    paths.bitstream.unlink()
    Stage.at(paths.root, "bitstream").record.unlink()
    assert str(collect(paths).bitstream) == "skipped: none has been asked for"


def test_what_was_done_and_what_was_skipped_are_told_apart() -> None:
    with pytest.raises(ExportError, match="both returns, or a reason"):
        replace(CLOSED_LOOP, return_mean_rtl=None)
    with pytest.raises(ExportError, match="a reason, and only for what was skipped"):
        replace(BITSTREAM, reason=None)


FILES: dict[str, Callable[[BuildPaths], Path]] = {
    "sim": lambda paths: paths.sim,
    "closed_loop": lambda paths: paths.closed_loop,
    "synth": lambda paths: paths.synth,
    "gates": lambda paths: paths.gates,
    "shell": lambda paths: paths.shell_json,
    "bitstream": lambda paths: paths.bitstream,
    "record": lambda paths: Stage.at(paths.root, "synth").record,
}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_artefact_is_one_line(
    name: str, paths: BuildPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    file = FILES[name](paths)
    refusals = []
    for _, value in damages(read_json(file)):
        file.write_text(json.dumps(value))
        try:
            report.run(BuildSettings(name="toy", build=paths.root.parent))
        except GanglionError as error:
            refusals.append(str(error))
    assert len(refusals) > 20
    assert [said for said in refusals if "\n" in said or file.name not in said] == []
