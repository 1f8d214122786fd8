"""The boards, one TOML each."""

from pathlib import Path

BOARDS = Path(__file__).parent
