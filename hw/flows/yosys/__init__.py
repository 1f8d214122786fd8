"""Scripts of Yosys."""

from pathlib import Path

FLOW = Path(__file__).parent
