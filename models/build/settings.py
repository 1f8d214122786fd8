"""What a command that goes on from a build's files is told: which build."""

import re
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from ganglion.models.build.errors import ConfigError
from ganglion.models.build.paths import BUILD, BuildPaths

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """One build, for a stage that goes on from its files."""

    name: Positional[str]
    """The build: a folder under build/, named like its environment or after its policy's folder."""
    build: Path = BUILD
    """Where builds lie."""

    @property
    def paths(self) -> BuildPaths:
        """The build's files; a name that is no plain folder name raises ConfigError."""
        return paths_of(self.name, self.build)


def paths_of(name: str, build: Path) -> BuildPaths:
    """Return the paths of the build `name` under `build`; a name that leads elsewhere raises ConfigError."""
    if not _SAFE_NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a build: letters, digits and _ . + - are allowed, a letter or digit first"
        )
    return BuildPaths.of(name, build)
