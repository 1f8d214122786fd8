"""Place and route by nextpnr, for ECP5, iCE40 and Gowin: RTL of a board's top and scripts."""

from pathlib import Path

FLOW = Path(__file__).parent
