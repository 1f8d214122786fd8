"""Scripts of Vivado."""

from pathlib import Path

FLOW = Path(__file__).parent
