"""A run ends well at a signal, is told at its end, and an end by failures is an error."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ganglion.deploy.control.run import RunSettings, function_of, run_loop
from ganglion.deploy.control.view import live
from ganglion.models.build.errors import ConfigError, ToolError
from tests.deploy.control import robot_in_a_process
from tests.deploy.control.fakes import HOST, Robot, failing, infer, loop_of, raising

ROOT = Path(__file__).parents[3]
SAFE = "[0.0, 0.0]"


def start(written: Path, fault: str, seconds: float = 0) -> subprocess.Popen[str]:
    """Return a running control loop that has written its first action."""
    process = subprocess.Popen(
        [sys.executable, "-m", robot_in_a_process.__name__, str(written), fault, str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever was started in the background of a shell has inherited that SIGINT is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    end = time.monotonic() + 60
    while not written.exists() or not written.read_text():
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("fault", ["none", "slow"])
def test_a_signal_ends_the_run_with_the_safe_action(number: int, fault: str, tmp_path: Path) -> None:
    process = start(tmp_path / "written", fault, 0.5)
    process.send_signal(number)
    said, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert said.splitlines()[-1] == "ended well" and "safe actions" in said
    assert (tmp_path / "written").read_text().splitlines()[-1] == SAFE


def test_what_never_returns_ends_the_process_after_the_safe_action(tmp_path: Path) -> None:
    process = start(tmp_path / "written", "stuck")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert (
        errors == "error: control: tick 0 did not end within 0.5 s; what hangs has no deadline of its own\n"
    )
    assert (tmp_path / "written").read_text().splitlines() == [SAFE]


def test_the_figures_are_told_at_the_end(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    robot = Robot(50)
    settings = RunSettings(view=False, log=tmp_path / "run.csv")
    run_loop(failing(7, raising(OSError("gone"))), HOST, robot.read, robot.write, settings)
    said = capsys.readouterr().out
    assert re.search(r"ticks +50, 49 with the policy's action in time", said)
    assert re.search(r"inference +p50 .*, p99 .*, largest ", said)
    assert re.search(r"safe actions +2, .*\nfailures +1 inference; the last inference: OSError: gone", said)
    assert "█" in said and len((tmp_path / "run.csv").read_text().splitlines()) == 51


def test_too_many_failures_are_an_error_that_names_the_last(tmp_path: Path) -> None:
    robot = Robot(50)

    def broken(observation: object) -> None:
        raise OSError("no answer")

    message = r"stopped after 3 ticks in a row .*\(max_failures=3\); the last: inference: OSError: no answer"
    with pytest.raises(ToolError, match=message):
        run_loop(broken, HOST, robot.read, robot.write, RunSettings(max_failures=3))
    assert robot.written == [[0.0, 0.0]] * 4


def test_lost_rows_of_the_log_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    robot = Robot(3000)
    settings = RunSettings(log=tmp_path / "logs/run.csv", log_mib=0.01, view=False)
    robot.write = failing(1, lambda: (tmp_path / "logs/run.csv.1").mkdir(), robot.write)
    run_loop(infer, HOST, robot.read, robot.write, settings)
    assert re.search(r"log +[\d,]+ rows lost: Is a directory", capsys.readouterr().out)


def test_a_terminal_shows_the_figures_while_it_runs() -> None:
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as output:
        loop = loop_of(Robot(3))
        with live(loop, output):
            loop.run(lambda tick: None)
        output.flush()
        said = ""
        while "safe actions" not in said and select.select([controller], [], [], 5)[0]:  # it comes in parts
            said += os.read(controller, 1 << 16).decode(errors="replace")
    os.close(controller)
    assert "ticks" in said and "safe actions" in said


def test_what_is_no_terminal_stays_clean(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as output:
        loop = loop_of(Robot(3))
        with live(loop, output):
            loop.run(lambda tick: None)
    assert (tmp_path / "out").read_text() == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("robot", "read=robot: expected module:function, as robot:read"),
        ("no_such_module:read", "importing no_such_module raised ModuleNotFoundError"),
        ("math:no_such", "math has no function no_such"),
        ("math:pi", "math has no function pi"),
    ],
)
def test_a_function_that_is_not_there_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        function_of("read", name)


def test_a_function_is_found_by_its_module() -> None:
    assert function_of("read", "numpy:ones") is np.ones
