"""openXC7: place and route of 7-series without Vivado, where it is installed."""

from pathlib import Path

FLOW = Path(__file__).parent
