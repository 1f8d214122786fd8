"""The study: cells are what their names say, all runtimes compute the same, and nothing is measured twice."""

import csv
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import write_json
from ganglion.models.build.spelling import MAKE_VARIABLE
from ganglion.models.formats.policy_folder import load_policy
from ganglion.models.quant.schemes import Scheme
from ganglion.models.sparsity import Pruning
from ganglion.training.run import Run
from ganglion.training.study import infer
from ganglion.training.study.artefacts import policy_folder
from ganglion.training.study.cells import Cell, cells_of
from ganglion.training.study.hardware import measure_hardware, read_hardware
from ganglion.training.study.plot import draw_returns, draw_times
from ganglion.training.study.progress import counted, time_left
from ganglion.training.study.rapl import package_energy_uj
from ganglion.training.study.records import Cpu, Hardware, Inference, Returns, Row, folder_of
from ganglion.training.study.returns import measure, observations_of
from ganglion.training.study.settings import StudySettings
from ganglion.training.study.study import chosen, run
from ganglion.training.study.tables import missing_hardware, tables_of, write_tables
from tests.training.study.cells import EPISODES, TARGET, Measured, teacher_of
from tests.training.test_train import GOOD_RETURN


def test_a_pruned_policy_is_smaller_by_its_neurons_and_its_folder_is_ready_for_hardware(
    measured: Measured,
) -> None:
    dense, static, half = (measured.returns[name] for name in ("float", "ptsq", "ptsq-neurons_l2-50"))
    assert dense.widths == (2, 32, 32, 1) and dense.return_mean > GOOD_RETURN
    assert static.return_mean > GOOD_RETURN and static.stored_bytes < dense.stored_bytes
    assert max(half.widths) <= 16 and half.stored_bytes < static.stored_bytes
    policy = load_policy(policy_folder(folder_of(measured.root, half.cell), half.cell))
    assert policy.spec.network.widths == half.widths and policy.network.nnz == half.weights


def test_every_runtime_computes_the_same_action(measured: Measured) -> None:
    root, cell = measured.root, measured.cell("ptsq-neurons_l2-50")
    folder, states = folder_of(root, cell), observations_of(root, cell.teacher)[:40]
    step = 2.0 ** load_policy(policy_folder(folder, cell)).spec.network.output_exponent
    eager, session, integers = (
        load(folder) for load in (infer.torch_network, infer.onnx_runtime, infer.reference)
    )
    for state in states[:, None]:
        mean = eager(state).numpy()
        np.testing.assert_array_equal(session(state)[0], mean)
        np.testing.assert_array_equal(integers(state) * step, mean)
    for name, tolerance in (("float", 1e-5), ("ptdq", 0.1)):
        folder = measured.folder(name)
        act, other = infer.torch_network(folder), infer.onnx_runtime(folder)
        means = np.concatenate([act(state) for state in states[:, None]])
        others = np.concatenate([other(state)[0] for state in states[:, None]])
        np.testing.assert_allclose(others, means, atol=tolerance * np.abs(means).max())


def test_an_action_is_timed_and_its_process_weighed(measured: Measured) -> None:
    root, cell = measured.root, measured.cell("ptsq")
    found = infer.measure(infer.onnx_runtime(folder_of(root, cell)), observations_of(root, cell.teacher))
    assert 0 < found["median_us"] <= found["p99_us"]
    assert infer.peak_resident_mb() > 10


def _returns(cell: Cell, mean: float) -> Returns:
    rest: dict[str, Any] = {"widths": (2, 4, 1), "weights": 12, "stored_bytes": 1, "falls": 0}
    rest |= {"return_mean": mean, "return_std": 1.0, "return_min": mean - 1}
    return Returns(cell=cell, episodes=EPISODES, first_seed=0, **rest)


def _made_up() -> list[Returns]:
    """Return a study in which L1 holds at 30% in int8, though not in float, and L2 nowhere."""
    fractions, prunings = (0.1, 0.3, 0.5), (Pruning.NEURONS_L1, Pruning.NEURONS_L2)
    cells = cells_of(teacher_of(Path("t")), (Scheme.FLOAT, Scheme.PTSQ), prunings, fractions, None)
    held = {(Pruning.NEURONS_L1, 0.1), (Pruning.NEURONS_L1, 0.3)}
    return [
        _returns(each, 100.0 if each.pruning is None or (each.pruning, each.fraction) in held else 90.0)
        for each in cells
    ]


def test_the_strongest_pruning_that_keeps_the_return_is_chosen() -> None:
    picked = [(cell.scheme.value, cell.pruning, cell.fraction) for cell in chosen(_made_up(), 0.95)]
    assert picked == [
        ("float", None, 0.0),
        ("ptsq", None, 0.0),
        ("float", Pruning.NEURONS_L1, 0.3),
        ("ptsq", Pruning.NEURONS_L1, 0.3),
    ]


def test_tables_and_figures_leave_empty_what_was_not_measured(tmp_path: Path) -> None:
    inference = Inference(
        runtime="torch",
        actions=9,
        median_us=31.0,
        p99_us=40.0,
        resident_mb=236.0,
        energy_uj=None,
        energy_reason="no RAPL here",
    )
    built = Hardware(board="Pynq-Z2", engine="folded", clock_mhz=100.0, cycles=143, lut=769, dsp=8, bram=9.0)
    returns = _made_up()
    cpu = Cpu(processor="a processor", runtimes=(inference,))
    rows = [Row(returns=returns[0], cpu=cpu), Row(returns=returns[1], cpu=cpu, hardware=(built,))]
    refused = Hardware(board="iCEBreaker", reason="no engine fits iCEBreaker")
    rows += [Row(returns=returns[2], cpu=None, hardware=(refused, refused))]
    rows += [Row(returns=each, cpu=None) for each in returns[3:]]
    tables = tables_of(rows)
    write_tables(tmp_path, rows, tables)
    assert "energy: no RAPL here" in tables[1].title
    assert tables[1].rows[0][4:] == ("31.0", "236", "", "", "", "")
    assert tables[2].rows[0][4:9] == ("Pynq-Z2", "folded", "143", "1.43", "769")
    assert [row[4:6] + row[-1:] for row in tables[2].rows[1:]] == 2 * [("iCEBreaker", "", "1")]
    assert tables[2].markdown().endswith("|  | 1 |\n\n1: no engine fits iCEBreaker  \n")
    with (tmp_path / "study.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(returns) and lines[1]["Pynq-Z2_cycles"] == "143" and not lines[2]["torch_us"]
    for draw in (draw_returns, draw_times):
        draw(rows, [tmp_path / f"{draw.__name__}.{suffix}" for suffix in ("png", "svg")])
        assert all((tmp_path / f"{draw.__name__}.{suffix}").stat().st_size for suffix in ("png", "svg"))


def test_each_measurement_is_said_with_the_time_that_is_left(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert list(counted("in hardware", [("a", 1), ("b", 2)])) == [1, 2]
    first, second = caplog.messages
    assert first == "study: in hardware, 1 of 2: a"
    assert second == "study: in hardware, 2 of 2, about 0 s left: b"
    assert time_left(time.monotonic() - 60, 1, 4) == ", about 3 min left"


def test_a_line_counts_the_builds_that_are_missing_and_says_why() -> None:
    """The run ends with exit status 0 all the same."""
    built = Hardware(board="Pynq-Z2", engine="folded", clock_mhz=100.0, cycles=143, lut=769, dsp=8, bram=9.0)
    floats, small = (Hardware(board="Pynq-Z2", reason=why) for why in ("float has none", "BRAM: 40 of 30"))
    rows = [Row(returns=each, cpu=None, hardware=(built,)) for each in _made_up()[:1]]
    assert missing_hardware(rows) is None
    rows += [Row(returns=_made_up()[1], cpu=None, hardware=(small, floats, floats))]
    assert missing_hardware(rows) == (
        "no hardware for 3 of 4 pairs of policy and board: float has none (2); BRAM: 40 of 30 (1)"
    )


def test_energy_is_the_packages_sum_or_a_reason(tmp_path: Path) -> None:
    assert package_energy_uj(tmp_path / "none")[1] == f"{tmp_path / 'none'} is missing: no RAPL here, " + (
        "as in most virtual machines"
    )
    assert package_energy_uj(tmp_path) == (None, f"{tmp_path} lists no package of the processor")
    for number, name in enumerate(("package-0", "package-1", "psys")):
        domain = tmp_path / f"intel-rapl:{number}"
        domain.mkdir()
        (domain / "name").write_text(f"{name}\n")
        (domain / "energy_uj").write_text("21\n")
    assert package_energy_uj(tmp_path) == (42, None)


@pytest.mark.parametrize(
    ("latency", "cycles"), [(None, 143), ({"mean_cycles": 73.3, "worst_case_cycles": 133}, 133)]
)
def test_cycles_are_the_most_that_an_action_takes(
    latency: dict[str, float] | None, cycles: int, tmp_path: Path
) -> None:
    report = {
        "engine": "folded",
        "clock_mhz": 100.0,
        "simulation": {"latency_cycles": 143},
        "closed_loop": {"latency": latency},
        "resources": {"lut": 769, "dsp": 8, "bram": 9.0},
        "gates": None,
    }
    write_json(tmp_path / "report.json", report)
    assert read_hardware("Pynq-Z2", tmp_path / "report.json").cycles == cycles


def test_dynamic_and_float_policies_say_why_they_have_no_hardware(measured: Measured) -> None:
    reasons = {
        name: measure_hardware(measured.root, measured.cell(name), TARGET).reason
        for name in ("ptdq", "float")
    }
    assert "scheme ptdq has no hardware" in str(reasons["ptdq"])
    assert reasons["float"] == "float has no hardware here"


def test_what_make_was_given_for_the_study_is_not_given_to_hw(
    measured: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {MAKE_VARIABLE: "make", "MAKEFLAGS": "-- ENVS=Toy", "ENVS": "Toy"}.items():
        monkeypatch.setenv(name, value)
    assert "policy.json is missing" in str(measure_hardware(tmp_path, measured.cell("ptsq"), TARGET).reason)


def test_a_float_policy_is_weighed_without_brevitas() -> None:
    code = "import sys, ganglion.models.quant.dynamic; sys.exit('brevitas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schemes": (Scheme.PTSQ,)}, "schemes: float is missing, with which all others are compared"),
        ({"prunings": (Pruning.SNIP,)}, "prunings: snip needs training; after it there are neurons_l1, .*"),
        ({"fractions": (1.0,)}, r"sparsity 1.0 is outside \[0, 1\)"),
        ({"fractions": (0.0,)}, "fractions: 0 prunes nothing"),
        ({"name": "../x"}, "'../x' cannot name a build"),
        ({"episodes": 0}, "episodes=0: expected at least 1"),
        ({"keep": 0.0}, r"keep=0.0 is outside \(0, 1\]"),
        ({"environments": ("Ant", "Ant")}, "environments: expected one or more, none of them twice"),
        ({"algorithms": ("sarsa",)}, "algorithm 'sarsa'; known: .*sac"),
        ({"environments": ("Antt",)}, "unknown environment 'Antt'; known: "),
    ],
)
def test_a_study_that_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        StudySettings(**settings).sources()


def test_a_fraction_that_removes_every_neuron_is_refused(dense_run: tuple[Run, Path]) -> None:
    cell = Cell(
        teacher=teacher_of(dense_run[1]), scheme=Scheme.FLOAT, pruning=Pruning.NEURONS_L1, fraction=0.99
    )
    with pytest.raises(ConfigError, match="0.99 would remove all 32 neurons of a hidden layer; allowed: at"):
        measure(Path("study"), cell, EPISODES, None)


@pytest.mark.slow
def test_a_pruned_policy_becomes_hardware_once(measured: Measured) -> None:
    root, cell = measured.root, measured.cell("ptsq-neurons_l2-50")
    built = measure_hardware(root, cell, TARGET)
    assert built.reason is None and built.cycles and built.lut
    path = folder_of(root, cell) / "hardware-Pynq-Z2.json"
    before = path.stat().st_mtime_ns
    assert measure_hardware(root, cell, TARGET) == built
    assert path.stat().st_mtime_ns == before


@pytest.mark.slow
def test_one_command_measures_draws_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    settings = StudySettings(
        environments=("Swimmer",),
        schemes=(Scheme.FLOAT, Scheme.PTSQ),
        prunings=(Pruning.NEURONS_L1,),
        fractions=(0.3,),
        episodes=1,
        hardware=False,
    )
    run(settings)
    times = {path: path.stat().st_mtime_ns for path in settings.root.glob("*/*/returns.json")}
    assert len(times) == 5 and (settings.root / "times.svg").exists()
    run(settings)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert "Return over 1 episodes" in capsys.readouterr().out
