"""A bundle goes to a real sshd on loopback, is tried there, and becomes current only when it works."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganglion.deploy import push
from ganglion.deploy.push import DeploySettings
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.paths import BuildPaths
from tests.deploy.sshd import Server, sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sshd(tmp_path_factory.mktemp("ssh") / "server") as running:
        yield running


def deploy(paths: BuildPaths, server: Server, to: Path, **more: object) -> None:
    given = {"host": server.host, "ssh_config": server.config, "to": str(to), "python": sys.executable} | more
    push.run(DeploySettings(name=paths.root.name, build=paths.root.parent, **given))  # pyright: ignore[reportArgumentType]


def test_a_deployed_bundle_is_tried_there_and_becomes_current(
    build: BuildPaths, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(build, server, tmp_path / "board")
    said = capsys.readouterr().out
    assert "golden vectors, 0 differences" in said
    for part in ("core", "transport", "host", "total"):
        assert f"\n{part:9}  p50 " in said
    assert said.endswith(f"deployed to {server.host}:{tmp_path}/board/pendulum/current\n")
    current = tmp_path / "board/pendulum/current"
    assert (current / "manifest.json").read_bytes() == next(build.bundle.glob("*/manifest.json")).read_bytes()
    assert not list((tmp_path / "board/pendulum").glob("*.tar.gz"))


def test_a_version_that_fails_there_leaves_the_old_one_active(
    build: BuildPaths, server: Server, tmp_path: Path
) -> None:
    deploy(build, server, tmp_path / "board")
    before = (tmp_path / "board/pendulum/current").resolve()
    build.shell_library.write_bytes(b"no library")
    with pytest.raises(ToolError, match=rf"{server.host}: self-test: .*libganglion_shell.so"):
        deploy(build, server, tmp_path / "board")
    assert (tmp_path / "board/pendulum/current").resolve() == before
    assert [path.name for path in (tmp_path / "board/pendulum/versions").iterdir()] == [before.name]


def test_another_board_is_refused_before_anything_is_copied(build: BuildPaths, tmp_path: Path) -> None:
    with sshd(tmp_path / "server", board="Pynq-Z1") as server:
        message = rf"{server.host}: this board is a Pynq-Z1, the bundle is for Pynq-Z2"
        with pytest.raises(ToolError, match=message):
            deploy(build, server, tmp_path / "board")
    assert not (tmp_path / "board").exists()


def test_a_board_that_is_off_is_told(build: BuildPaths, tmp_path: Path) -> None:
    with sshd(tmp_path / "server") as server:
        pass
    with pytest.raises(
        ToolError, match=r"Connection refused; is the board on, and its name or address right\?"
    ):
        deploy(build, server, tmp_path / "board")


def test_a_key_that_is_not_known_there_is_told(build: BuildPaths, tmp_path: Path) -> None:
    with sshd(tmp_path / "server") as server:
        (server.folder / "authorized_keys").write_text("")
        with pytest.raises(
            ToolError, match=rf"Permission denied.*; put your key there: ssh-copy-id {server.host}"
        ):
            deploy(build, server, tmp_path / "board")


def test_a_board_whose_key_is_not_known_here_is_told(build: BuildPaths, tmp_path: Path) -> None:
    with sshd(tmp_path / "server") as server:
        (server.folder / "known_hosts").write_text("")
        with pytest.raises(ToolError, match=r"Host key verification failed.*; log in once by hand"):
            deploy(build, server, tmp_path / "board")


def test_a_board_without_python_is_told(build: BuildPaths, server: Server, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="python9: not found; python names another Python"):
        deploy(build, server, tmp_path / "board", python="python9")


def test_a_folder_that_cannot_be_made_there_is_told(
    build: BuildPaths, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "board").write_text("a file")
    with pytest.raises(ToolError, match=r"board/pendulum: Not a directory"):
        deploy(build, server, tmp_path / "board")


def test_sudo_is_asked_for_no_password(build: BuildPaths, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    sudo = tmp_path / "bin/sudo"
    sudo.write_text('#!/bin/sh\n[ "$1" = -n ] || exit 2\necho "sudo: a password is required" >&2; exit 1\n')
    sudo.chmod(0o755)
    with sshd(tmp_path / "server", path=tmp_path / "bin") as server:
        with pytest.raises(ToolError, match=rf"{server.host}: sudo: a password is required"):
            deploy(build, server, tmp_path / "board", sudo=True)
        sudo.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked; shift; exec "$@"\n')
        deploy(build, server, tmp_path / "board", sudo=True)
    assert (tmp_path / "board/pendulum/current").is_dir()
    (asked,) = (tmp_path / "asked").read_text().splitlines()
    assert " install " in asked  # what root had prepared the user could not copy into


def test_without_ssh_the_client_is_named(
    build: BuildPaths, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="ssh is not on PATH; install the OpenSSH client"):
        deploy(build, server, tmp_path / "board")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"host": "-oProxyCommand=x"}, "host=-oProxyCommand=x: expected user@name"),
        ({"host": "me@board;reboot"}, "host=me@board;reboot: expected user@name"),
        ({"host": "me@board:22"}, "expected user@name"),
        ({"to": "-x"}, "to=-x: letters, digits"),
        ({"to": "a b"}, "to=a b: letters, digits"),
        ({"to": "../x"}, "to=../x: letters, digits"),
        ({"keep": 0}, "keep=0: allowed from 1 to 100"),
        ({"ssh_config": Path("nowhere")}, "ssh_config=nowhere: there is no such file"),
        ({"connect_s": 0}, "connect_s=0: allowed from 1 to 600"),
    ],
)
def test_a_setting_that_a_shell_could_misread_is_refused(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DeploySettings(name="Hopper", **({"host": "me@board"} | wrong))  # pyright: ignore[reportArgumentType]
