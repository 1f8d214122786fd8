"""The settings of each environment, one TOML each."""

from pathlib import Path

CONFIGS = Path(__file__).parent
