"""`ganglion <command>` and `make <command>`: an error is one line, a setting as its caller spelled it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

import pytest

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.lock import locked
from ganglion.models.build.paths import BuildPaths
from ganglion.models.command_line import INTERRUPTED, Command, commands, main, settings_type
from tests.hw.toy import write_toy_build, write_toy_policy

ROOT = Path(__file__).parents[1]
GANGLION = (sys.executable, "-m", "ganglion.models.command_line")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
"""Without what the make that runs these tests gave it."""
MAKE = ("make", "--no-print-directory", "-C", str(ROOT))


def run(command: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)


def first_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return what the command said, which is all it said: make adds a line of its own."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_every_command_has_settings_that_explain_themselves() -> None:
    assert {
        "hw",
        "train",
        "compress",
        "sweep",
        "evaluate",
        "export",
        "explore",
        "growth",
    } <= commands().keys()
    for command in commands().values():
        assert command.help and not command.help.endswith("."), command.name
        kind = settings_type(command.function())
        known = {field.name for field in fields(kind)}
        assert set(command.variables.values()) <= known, command.name


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_tells_every_setting(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([name, "--help"])
    shown = capsys.readouterr().out.replace("--no-", "--")
    assert not done.value.code
    for field in fields(settings_type(commands()[name].function())):
        assert "Positional" in str(field.type) or f"--{field.name.replace('_', '-')}" in shown


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ((*GANGLION, "hv"), "error: unknown command 'hv'"),
        ((*GANGLION, "explor"), "did you mean explore?"),
        ((*GANGLION, "hw", "Hopper", "--lanes", "x"), "error: --lanes: expected INT, got 'x'"),
        ((*GANGLION, "hw", "Hopper", "--lanes", "0"), "error: --lanes 0: allowed from 1 to 64"),
        ((*GANGLION, "hw"), "error: name an environment, or a policy folder with --policy"),
        ((*GANGLION, "hw", "../x"), "error: '../x' cannot name a build"),
        ((*GANGLION, "delta", "Hopper", "--thresholds", "0", "x"), "error: --thresholds: "),
        ((*GANGLION, "delta", "Hopper", "--thresholds", "0", "-1"), "expected integers of at least 0"),
        ((*GANGLION, "simulate", "Nowhere"), "is missing; run ganglion compile Nowhere first"),
        ((*MAKE, "hw", "LANES=x"), "error: LANES: expected INT, got 'x'"),
        ((*MAKE, "hw", "LANES=0"), "error: LANES=0: allowed from 1 to 64"),
        (
            (*MAKE, "hw", "LANE=4"),
            "error: LANE=4: hw knows no such variable; known: ADDERS_PER_STAGE, BOARD,",
        ),
        (
            (*MAKE, "hw", "LANES=4"),
            "error: LANES=4 is for ENGINE=folded or delta, but ENGINE=auto does not read it",
        ),
        ((*MAKE, "hw", "ENV=a;touch x"), "error: 'a;touch x' cannot name a build"),
        ((*MAKE, "hw", "ENV=Hoper"), "error: no policy is shipped for 'Hoper' (shipped: Ant,"),
        ((*MAKE, "hw", "POLICY=no where/x y"), "no where/x y/policy.json is missing"),
        ((*MAKE, "compress", "ENV=Hopper"), "error: CHECKPOINT= is missing; make compress needs it"),
        ((*MAKE, "export", "TO=x"), "error: RUN= is missing; make export needs it"),
        ((*MAKE, "figures", "ENV=Ant"), "error: ENV=Ant: figures knows no such variable; known: BUILD"),
        ((*MAKE, "deploy"), "error: HOST= is missing; make deploy needs it"),
        ((*MAKE, "deploy", "HOST=me@board;x"), "error: HOST=me@board;x: expected user@name"),
        ((*MAKE, "bundle"), "is missing; run .venv/bin/ganglion compile Hopper first"),
        ((*MAKE, "control", "RATE_HZ=-1"), "error: RATE_HZ=-1.0: allowed from 0 to 100,000"),
        ((*MAKE, "control", "READ=robot:read"), "error: READ= and WRITE=: give both, or none"),
    ],
    ids=lambda value: " ".join(value[len(GANGLION) :]) if isinstance(value, tuple) else "",
)
def test_a_wrong_command_is_one_line(command: Sequence[str], message: str, tmp_path: Path) -> None:
    build = [f"BUILD={tmp_path}/build"] if command[0] == "make" else []
    done = run([*command, *build], tmp_path)
    assert done.returncode in (1, 2)
    assert message in first_line(done)
    assert not list(tmp_path.glob("x")), "a shell read the name"
    assert not [path for path in (tmp_path / "build").glob("*") if path.is_dir()], "an empty build"


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> BuildPaths:
    """Return a build after `ganglion synth`, begun where a killed run had left a file half written."""
    paths = _toy(tmp_path_factory.mktemp("synthesized"))
    (paths.root / ".half-written.synth.json.x7").write_text("{")
    done = run([*GANGLION, "synth", "toy"], paths.root.parents[1])
    assert done.returncode == 0 and "synth: yosys maps toy_top" in done.stdout, done.stderr
    return paths


def test_what_a_killed_run_left_half_written_is_removed(synthesized: BuildPaths) -> None:
    assert not list(synthesized.root.rglob(".half-written.*"))


def test_quiet_leaves_progress_to_the_log(synthesized: BuildPaths) -> None:
    build = synthesized.root.parent
    done = run([*GANGLION, "--quiet", "synth", "toy"], build.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "synth: up to date" in (build / "ganglion.log").read_text()


def test_a_second_run_on_a_build_waits_for_the_first(synthesized: BuildPaths) -> None:
    with locked(synthesized.root):
        process = subprocess.Popen(
            [*GANGLION, "synth", "toy"],
            cwd=synthesized.root.parents[1],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"build/toy is in use by process {os.getpid()}; waiting")
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "synth: up to date\n")


def test_ctrl_c_is_one_line_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    _toy(tmp_path)
    process = subprocess.Popen(
        [*GANGLION, "synth", "toy"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever was started in the background of a shell has inherited that SIGINT is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None and "yosys maps" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert errors.splitlines() == ["", "interrupted; the same command goes on from what is finished"]
    assert not (tmp_path / "build/toy/synth.json").exists()


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_ctrl_c_ends_the_process_while_packages_that_may_catch_it_are_imported(
    handler: Callable[..., None] | signal.Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def imported(_: Command) -> Callable[[object], None]:
        seen.append(signal.getsignal(signal.SIGINT))
        raise ConfigError("seen")

    monkeypatch.setattr(Command, "function", imported)
    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(SystemExit):
            main(["hw", "Hopper"])
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
    # Who was told to ignore it, in the background of a shell, goes on doing so.
    assert seen == [signal.SIG_DFL if handler is signal.default_int_handler else handler]


def _toy(folder: Path) -> BuildPaths:
    paths = BuildPaths.of("toy", folder / "build")
    write_toy_policy(paths.policy, "Hopper-v4")
    return write_toy_build(paths)
