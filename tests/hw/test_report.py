"""The report: its keys are those that the README promises, and the table says what they hold."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganglion.hw.design.design import write_design
from ganglion.hw.report import STAGES, collect, print_table
from ganglion.models.build.errors import ExportError
from ganglion.models.build.files import write_json
from ganglion.models.build.paths import BuildPaths
from ganglion.models.build.stage import Stage
from tests.hw.toy import toy_design

POLICY = {
    "name": "sac-98-int8",
    "env": "Hopper-v4",
    "algorithm": "SAC",
    "network": {"layers": [{"weight_type": "INT8"}]},
    "provenance": {
        "sparsity": 0.98,
        "nnz": 1382,
        "nnz_live": 1300,
        "return_mean": 3210.4,
        "return_std": 12.3,
        "episodes": 20,
    },
}
SIMULATION = {
    "vectors": 10_000,
    "mismatches": 0,
    "stall_percent": [0, 50],
    "latency_cycles": 389,
    "interval_cycles": 270.0,
    "inferences_per_s": 400,
}
CLOSED_LOOP = {
    "status": "done",
    "episodes": 3,
    "steps": 3000,
    "return_mean_pytorch": 3200.5,
    "return_mean_rtl": 3200.5,
}
RESOURCES = {
    "tool": "yosys",
    "part": "xc7z020",
    "lut": 31_000,
    "ff": 73_000,
    "dsp": 200,
    "bram18": 57,
    "utilisation": {"lut": 0.583, "ff": 0.686, "dsp": 0.909, "bram18": 0.204},
}
BITSTREAM = {"status": "skipped", "reason": "vivado is not on the PATH"}


@pytest.fixture
def paths(tmp_path: Path) -> BuildPaths:
    paths = BuildPaths.of("Hopper", tmp_path)
    write_json(paths.policy / "policy.json", POLICY)
    write_design(paths.hw, replace(toy_design(paths.root), engine="dense"))
    write_json(paths.sim, SIMULATION)
    write_json(paths.closed_loop, CLOSED_LOOP)
    write_json(paths.synth, RESOURCES)
    write_json(paths.bitstream, BITSTREAM)
    for name in STAGES:
        with Stage(root=paths.root, name=name, inputs={}).running([]):
            pass
    return paths


def _promised() -> dict[str, set[str]]:
    policy = {
        "name",
        "algorithm",
        "bits",
        "sparsity",
        "nnz",
        "nnz_live",
        "return_mean",
        "return_std",
        "episodes",
    }
    simulation = {
        "vectors",
        "mismatches",
        "stall_percent",
        "latency_cycles",
        "interval_cycles",
        "inferences_per_s",
    }
    return {
        "policy": policy,
        "simulation": simulation,
        "closed_loop": {"episodes", "steps", "return_mean_pytorch", "return_mean_rtl"},
        "resources": {"tool", "part", "lut", "ff", "dsp", "bram18"},
        "bitstream": {"status", "reason"},
        "stage_s": set(STAGES),
    }


def test_the_report_holds_every_promised_key(paths: BuildPaths) -> None:
    report = collect(paths)
    assert report["env"] == "Hopper-v4" and report["engine"] == "dense"
    for section, keys in _promised().items():
        assert keys <= report[section].keys(), section


def test_the_table_shows_the_numbers(paths: BuildPaths, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(collect(paths))
    shown = capsys.readouterr().out
    for text in (
        "1,300 live",
        "98.0 % sparse",
        "0 mismatches in 10,000",
        "3.89 µs",
        "31,000 LUT",
        "vivado is not",
    ):
        assert text in shown


def test_a_policy_without_provenance_has_a_report_too(paths: BuildPaths) -> None:
    bare: dict[str, Any] = POLICY | {"provenance": {}}
    write_json(paths.policy / "policy.json", bare)
    report = collect(paths)
    assert report["policy"]["return_mean"] is None
    print_table(report)


def test_a_missing_stage_is_named(paths: BuildPaths) -> None:
    paths.sim.unlink()
    with pytest.raises(ExportError, match=r"sim.json is missing"):
        collect(paths)
