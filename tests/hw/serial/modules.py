"""Where the modules of the serial shell lie."""

from pathlib import Path

RTL = Path(__file__).parents[3] / "hw" / "shell" / "rtl"
