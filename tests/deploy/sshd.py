"""A real sshd on loopback for the present user, with keys, ports and folders of its own."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
LACKING = "sshd is not installed (on Debian: apt-get install openssh-server)"

_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
Subsystem sftp internal-sftp
SetEnv BOARD="{board}" PATH="{path}"
"""
_CLIENT = """\
Host *
  Port {port}
  IdentityFile {folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server; `folder` holds its keys, `config` is for its client."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def host(self) -> str:
        return f"{getpass.getuser()}@127.0.0.1"


@contextmanager
def sshd(folder: Path, board: str = "", path: Path | None = None) -> Iterator[Server]:
    """Yield a server that lets one key in; its board is `board`, and PATH begins with `path`.

    Skips where there is no sshd.
    """
    if SSHD is None:
        pytest.skip(LACKING)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd's own, where its package has not made it
    folder.mkdir()
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "key.pub", folder / "authorized_keys")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key = " ".join((folder / "host_key.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}\n")
    for name, text in (("sshd_config", _SERVER), ("ssh_config", _CLIENT)):
        (folder / name).write_text(
            text.format(port=port, folder=folder, board=board, path=f"{path or '/bin'}:{os.defpath}")
        )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    try:
        _wait_for(port, process, folder / "log")
        yield Server(folder=folder, port=port)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
