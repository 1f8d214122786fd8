"""Models of cells that yosys has as black boxes; all others are simulated by yosys' own."""

from pathlib import Path

CELLS = Path(__file__).parent
