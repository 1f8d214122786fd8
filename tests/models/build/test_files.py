"""Artefacts: atomic writes, stage records, and errors as one line."""

import errno
import sys
from pathlib import Path

import numpy as np
import pytest

from ganglion.models.build.errors import ConfigError, ExportError
from ganglion.models.build.files import (
    atomic_path,
    atomic_write,
    check_hashes,
    merge_json,
    read_arrays,
    read_json,
    sha256_file,
    write_arrays,
)
from ganglion.models.build.lock import locked
from ganglion.models.build.stage import Stage
from ganglion.models.command_line import errors_in_one_line


def test_a_kill_in_the_middle_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "artefact.json"
    atomic_write(path, "old")
    with pytest.raises(KeyboardInterrupt), atomic_path(path) as temporary:
        temporary.write_text("half a")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_line_and_leaves_the_old_file_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "artefact.json"
    atomic_write(path, "old")

    with pytest.raises(SystemExit), errors_in_one_line(), atomic_path(path) as temporary:
        temporary.write_text("new")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))
    assert capsys.readouterr().err == f"error: {path}: No space left on device; nothing was overwritten\n"
    assert path.read_text() == "old"


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_truly_full_device_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), errors_in_one_line(), Path("/dev/full").open("w") as file:
        file.write("x" * 100_000)
    assert "No space left on device" in capsys.readouterr().err


def test_an_error_of_ours_is_one_line_and_a_bug_keeps_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped, errors_in_one_line():
        raise ConfigError("sparsity 2 is outside [0, 1)")
    assert (stopped.value.code, capsys.readouterr().err) == (1, "error: sparsity 2 is outside [0, 1)\n")
    with pytest.raises(KeyError), errors_in_one_line():
        raise KeyError("x")


def test_arrays_survive_a_round_trip_and_are_never_unpickled(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", {"x": np.arange(3)})
    assert read_arrays(tmp_path / "a.npz")["x"].tolist() == [0, 1, 2]
    np.savez(tmp_path / "b.npz", x=np.array([{}], dtype=object))
    with pytest.raises(ExportError, match="not a whole .npz file"):
        read_arrays(tmp_path / "b.npz")


def test_an_altered_file_is_named(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a.txt", "one")
    recorded = {"a.txt": sha256_file(tmp_path / "a.txt")}
    atomic_write(tmp_path / "a.txt", "two")
    with pytest.raises(ExportError, match=r"a.txt: hash mismatch: recorded \w{12}, found \w{12}"):
        check_hashes(tmp_path, recorded)


def _run(stage: Stage, output: Path) -> None:
    with stage.running(outputs=[output]):
        atomic_write(output, "result")


def test_a_stage_is_current_until_inputs_or_outputs_change(tmp_path: Path) -> None:
    output = tmp_path / "out" / "result.txt"
    stage = Stage(root=tmp_path, name="compile", inputs={"lanes": 8})
    assert not stage.is_current()
    _run(stage, output)
    assert stage.is_current()
    assert not Stage(root=tmp_path, name="compile", inputs={"lanes": 16}).is_current()
    output.write_text("altered")
    assert not stage.is_current()


def test_a_stage_killed_halfway_is_not_current(tmp_path: Path) -> None:
    output = tmp_path / "result.txt"
    stage = Stage(root=tmp_path, name="compile", inputs={})
    _run(stage, output)
    with pytest.raises(KeyboardInterrupt), stage.running(outputs=[output]):
        raise KeyboardInterrupt
    assert not stage.is_current()
    assert output.read_text() == "result"


def test_merging_json_keeps_what_it_does_not_replace(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    merge_json(path, {"training": {"a": 1}})
    merge_json(path, {"simulation": {"Hopper": {"x": 1}}})
    merge_json(path, {"simulation": {"Ant": {"x": 2}}})
    expected = {"training": {"a": 1}, "simulation": {"Hopper": {"x": 1}, "Ant": {"x": 2}}}
    assert read_json(path) == expected


def test_what_another_process_writes_in_a_folder_that_it_holds_is_left_alone(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "rtl", tmp_path / "train" / "run"
    for folder in (ours, theirs):
        folder.mkdir(parents=True)
        (folder / ".half-written.x").touch()
    with locked(theirs):
        (theirs / ".half-written.checkpoint").touch()
        with locked(tmp_path):
            assert [path.name for path in tmp_path.rglob(".half-written.*")] == [".half-written.checkpoint"]
