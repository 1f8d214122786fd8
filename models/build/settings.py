"""What a command is told of a build: which policy it is made of, or which folder it lies in."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD, BuildPaths
from ganglion.models.build.spelling import spelled

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """A policy, shipped or a user's, and so the build that is made of it."""

    name: Positional[str | None] = None
    """The environment whose shipped policy is taken, such as Hopper; or a folder of build/ to go on from."""
    policy: Path | None = None
    """A policy folder to take instead of the shipped one."""
    build: Path = BUILD
    """Where builds lie."""

    @property
    def paths(self) -> BuildPaths:
        """The build's files, in a folder named like the environment or after the policy's folder.

        ConfigError when neither is named, or for a name that is no plain folder name.
        """
        if self.policy is not None:
            return paths_of(build_name(self.policy), self.build)
        if self.name is None:
            raise ConfigError(f"name an environment, or a policy folder with {spelled('policy')}")
        return paths_of(self.name, self.build)


def paths_of(name: str, build: Path) -> BuildPaths:
    """Return the paths of the build `name` under `build`; a name that leads elsewhere raises ConfigError."""
    if not _SAFE_NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a build: letters, digits and _ . + - are allowed, a letter or digit first"
        )
    return BuildPaths.of(name, build)


def build_name(folder: Path) -> str:
    """Return the name of a policy folder's build: its own, and six digits that tell equal names apart."""
    path = folder.resolve()
    stem = nameable(path.name).lstrip("-_.+") or "policy"
    return f"{stem}-{sha256(str(path).encode()).hexdigest()[:6]}"


def nameable(text: str) -> str:
    """Return a text with "-" for whatever cannot stand in a build's name."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", text)
