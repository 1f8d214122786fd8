"""The boards: a folder a family, in it family.toml and a TOML a board."""

from pathlib import Path

BOARDS = Path(__file__).parent
