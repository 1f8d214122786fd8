"""The shipped policies, a folder an environment; defaults.toml names the one that is built."""

from pathlib import Path

ZOO = Path(__file__).parent
