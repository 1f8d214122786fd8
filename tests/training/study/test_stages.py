"""What is measured is measured again exactly when something changes on which it depends."""

from dataclasses import replace
from pathlib import Path

from ganglion.models.build.closure import code_hash
from ganglion.models.build.files import digest
from ganglion.models.quant.schemes import Scheme
from ganglion.training.run import Run
from ganglion.training.study.cells import Cell
from ganglion.training.study.hardware import measure_hardware
from ganglion.training.study.returns import measure, observations_file
from ganglion.training.study.stages import cpu_stage, hardware_stage, returns_stage
from tests.training.study.cells import EPISODES, TARGET, Measured, teacher_of


def test_returns_are_measured_again_when_teacher_policy_or_episodes_change(
    measured: Measured, tmp_path: Path
) -> None:
    root, cell = measured.root, measured.cell("ptsq")
    other = tmp_path / "other.npz"
    other.write_bytes(b"another teacher")
    stages = {
        "same": returns_stage(root, cell, EPISODES, None),
        "episodes": returns_stage(root, cell, EPISODES + 1, None),
        "scheme": returns_stage(root, replace(cell, scheme=Scheme.QAT), EPISODES, None),
        "teacher": returns_stage(root, replace(cell, teacher=teacher_of(other)), EPISODES, None),
    }
    assert [name for name, stage in stages.items() if stage.is_current()] == ["same"]


def test_hardware_is_built_again_when_latencies_policy_board_or_code_change(
    measured: Measured, tmp_path: Path
) -> None:
    root, cell = measured.root, measured.cell("ptsq")
    (tmp_path / "mine.toml").write_text("")
    mine = replace(TARGET, board=str(tmp_path / "mine.toml"))
    inputs = hardware_stage(root, cell, TARGET).inputs
    before = hardware_stage(root, cell, mine).inputs
    (tmp_path / "mine.toml").write_text("# another board")
    others = {
        "latencies": hardware_stage(root, cell, replace(TARGET, latencies_us=(20.0,))).inputs,
        "estimate": hardware_stage(root, cell, replace(TARGET, estimate=True)).inputs,
        "policy": hardware_stage(root, measured.cell("ptsq-neurons_l2-50"), TARGET).inputs,
        "board": hardware_stage(root, cell, mine).inputs,
    }
    for name, other in others.items():
        assert digest(other) != digest(before if name == "board" else inputs), name
    assert code_hash("ganglion.hw.build") in inputs["code"]


def test_a_processor_is_measured_again_when_it_is_another(measured: Measured) -> None:
    root, cell = measured.root, measured.cell("ptsq")
    states = observations_file(root, cell.teacher)
    stage, other = (cpu_stage(root, cell, states, name) for name in ("a processor", "another"))
    with stage.running([]):
        pass
    assert stage.is_current() and not other.is_current()


def test_what_was_built_of_a_policy_goes_when_the_policy_is_made_anew(
    dense_run: tuple[Run, Path], tmp_path: Path
) -> None:
    cell = Cell(teacher=teacher_of(dense_run[1]), scheme=Scheme.FLOAT)
    measure(tmp_path, cell, 1, None)
    assert measure_hardware(tmp_path, cell, TARGET).reason
    assert hardware_stage(tmp_path, cell, TARGET).is_current()
    measure(tmp_path, cell, 2, None)
    assert not hardware_stage(tmp_path, cell, TARGET).is_current()
