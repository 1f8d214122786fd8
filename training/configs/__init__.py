"""The settings of each environment and each algorithm, one TOML each, and how they lie over each other.

An environment's file names an algorithm and gives every setting for it, its own or those of its `base`.
Another algorithm lays its file in `algorithms/` over them, and over that the table [algorithms.<name>] of the
environment's file.
"""

from pathlib import Path
from typing import Any

from ganglion.models.build.codec import decode_toml
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.files import laid_over

CONFIGS = Path(__file__).parent
ALGORITHMS = CONFIGS / "algorithms"
TABLES = {
    "ddpg": ("td3",),
    "dqn": ("dqn",),
    "ppo": ("on_policy", "ppo"),
    "td3": ("td3",),
    "trpo": ("on_policy", "trpo"),
}
"""The tables that an algorithm needs beside the settings that all share."""

Settings = dict[str, Any]


def known_algorithms() -> list[str]:
    """Return the names that have settings."""
    return sorted(path.stem for path in ALGORITHMS.glob("*.toml"))


def read_settings_of(path: Path, algorithm: str | None) -> Settings:
    """Return the settings in an environment's file for an algorithm; None: the one that the file names."""
    given = _with_base(path)
    special = given.pop("algorithms", {})
    if algorithm is None or algorithm == given.get("algorithm"):
        return given
    if algorithm not in known_algorithms():
        raise ConfigError(f"unknown algorithm {algorithm!r}; known: {', '.join(known_algorithms())}")
    others = {table for tables in TABLES.values() for table in tables}
    shared = {key: value for key, value in given.items() if key not in others}
    settings = laid_over(shared, decode_toml(Settings, ALGORITHMS / f"{algorithm}.toml"))
    return laid_over(settings, special.get(algorithm, {})) | {"algorithm": algorithm}


def _with_base(path: Path) -> Settings:
    """Return what a file gives, laid over what its base does but for other algorithms."""
    given = decode_toml(Settings, path)
    base = given.pop("base", None)
    if base is None:
        return given
    lent = _with_base(path.with_name(f"{base}.toml"))
    lent.pop("algorithms", None)
    return laid_over(lent, given)
