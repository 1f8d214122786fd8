"""The hand-written SystemVerilog of our engines; README.md is its catalogue."""

from pathlib import Path

RTL = Path(__file__).parent
