"""Deploy a bundle: copy it to a board over ssh, try it there, and make it the board's present version.

ssh and scp are the system's, and so are keys, known hosts and ~/.ssh/config; nothing asks for a password.
What runs on the board is ganglion.deploy.install, sent ahead of the bundle.
"""

import hashlib
import logging
import re
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ganglion.deploy import install
from ganglion.deploy.bundle.make import BundleSettings, make_bundle
from ganglion.models.build.errors import ConfigError, ToolError
from ganglion.models.build.spelling import spelled

PREPARE_S, COPY_S, INSTALL_S = 60, 900, install.SELF_TEST_S + 300
_HOST = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*")
_FOLDER = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]*")
_SSH_FAILED, _NOT_FOUND = 255, 127
_REMEDIES = {
    "Permission denied": "put your key there: ssh-copy-id {host}",
    "Host key verification failed": "log in once by hand, to accept the board's key: ssh {host}",
}
_UNREACHABLE = "is the board on, and its name or address right?"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DeploySettings(BundleSettings):
    """A build's bundle, and the board that it goes to."""

    host: str
    """The board: user@name, as ssh takes it; ports and keys are for ~/.ssh/config."""
    to: str = "ganglion"
    """The folder there, from the user's home; versions lie in <to>/<name>."""
    keep: int = 3
    """Versions that stay there, the present one among them."""
    sudo: bool = False
    """Run as root there by sudo, which must not ask for a password; PYNQ needs root for its logic."""
    python: str = "python3"
    """The Python there, as a login shell finds it."""
    ssh_config: Path | None = None
    """A file to take in place of ~/.ssh/config."""
    connect_s: int = 10
    """Seconds within which the board must answer."""

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise ConfigError(f"{spelled('host', self.host)}: expected user@name, as ssh takes it")
        if not _FOLDER.fullmatch(self.to) or ".." in Path(self.to).parts:
            raise ConfigError(f"{spelled('to', self.to)}: letters, digits and _ . / + - are allowed")
        if self.ssh_config is not None and not self.ssh_config.is_file():
            raise ConfigError(f"{spelled('ssh_config', self.ssh_config)}: there is no such file")
        for name, low, high in (("keep", 1, 100), ("connect_s", 1, 600)):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{spelled(name, getattr(self, name))}: allowed from {low} to {high}")


def run(settings: DeploySettings) -> None:
    """Make the bundle where it is not up to date, install it on the board, and print its self-test."""
    for tool in ("ssh", "scp"):
        if shutil.which(tool) is None:
            raise ToolError(f"{tool} is not on PATH; install the OpenSSH client")
    bundle = make_bundle(settings)
    host, name = settings.host, settings.paths.root.name
    digest = hashlib.sha256(bundle.archive.read_bytes()).hexdigest()
    # Another deployment of the same bundle has a file of its own.
    archive = f"{settings.to}/{name}/{digest[: install.ID_DIGITS]}-{secrets.token_hex(4)}.tar.gz"
    # As who copies: what root made that user could not write into.
    asker = replace(settings, sudo=False)
    _on_board(asker, "prepare", settings.to, name, bundle.artefacts.board.name, timeout_s=PREPARE_S)
    log.info("deploy: copying %s to %s", bundle, host)
    _copy(settings, bundle.archive, archive)
    said = _on_board(
        settings, "install", settings.to, name, archive, digest, str(settings.keep), timeout_s=INSTALL_S
    )
    print(said, end="")
    print(f"deployed to {host}:{settings.to}/{name}/current")


def _options(settings: DeploySettings) -> list[str]:
    options = {"BatchMode": "yes", "ConnectTimeout": settings.connect_s}
    options |= {"ServerAliveInterval": 5, "ServerAliveCountMax": 3}
    chosen = [] if settings.ssh_config is None else ["-F", str(settings.ssh_config)]
    return chosen + [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _on_board(settings: DeploySettings, *arguments: str, timeout_s: int) -> str:
    """Return what a function of ganglion.deploy.install printed on the board."""
    script = shlex.join(["exec", settings.python, "-", *arguments])
    # A login shell: PYNQ's profile names its board and its Python.
    words = [*(["sudo", "-n"] if settings.sudo else []), "bash", "-lc", script]
    command = ["ssh", *_options(settings), settings.host, shlex.join(words)]
    done = _run(settings, command, timeout_s, Path(install.__file__).read_bytes())
    if done.returncode == _NOT_FOUND:
        raise ToolError(f"{settings.host}: {_last_line(done)}; {spelled('python')} names another Python")
    if done.returncode:
        raise ToolError(f"{settings.host}: {_last_line(done).removeprefix('error: ')}")
    return done.stdout.decode(errors="replace")


def _copy(settings: DeploySettings, file: Path, to: str) -> None:
    # ./ keeps a colon in the name from being read as a host's.
    command = ["scp", "-q", *_options(settings), f"./{file.name}", f"{settings.host}:{to}"]
    done = _run(settings, command, COPY_S, cwd=file.parent)
    if done.returncode:
        raise ToolError(f"{settings.host}: copying {file.name}: {_last_line(done)}")


def _run(
    settings: DeploySettings,
    command: Sequence[str],
    timeout_s: int,
    given: bytes = b"",
    cwd: Path | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=timeout_s, cwd=cwd)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{settings.host}: {command[0]} did not end within {timeout_s} s") from None
    if done.returncode == _SSH_FAILED:
        said = _last_line(done)
        remedy = next((text for sign, text in _REMEDIES.items() if sign in said), _UNREACHABLE)
        raise ToolError(f"{settings.host}: {said}; {remedy.format(host=settings.host)}")
    return done


def _last_line(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else f"exit status {done.returncode}"
