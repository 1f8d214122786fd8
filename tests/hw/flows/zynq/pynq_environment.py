"""The real pynq in an environment of its own, beside builds: it wants an older numpy than we have.

Of PYNQ 3.1, which Zynq-7000 boards run, there is what reads an hwh, in a folder for PYTHONPATH.
"""

import subprocess
import sys
from pathlib import Path

from ganglion.models.build.lock import locked

ENVIRONMENT = Path(__file__).parents[4] / "build" / "pynq-4.0.0"
REQUIREMENTS = ("pynq==4.0.0", "numpy<2")
READER_OF_3_1 = ENVIRONMENT / "pynq-3.1"


def pynq_python() -> Path:
    """Return a Python that imports pynq; its environment is made from the package index once, in minutes."""
    python = ENVIRONMENT / "bin" / "python"
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with locked(ENVIRONMENT):
        if not (ENVIRONMENT / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True, timeout=120)
            command = [str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS]
            subprocess.run(command, check=True, timeout=900)
            older = ["--no-deps", "--target", str(READER_OF_3_1), "pynqmetadata==0.1.9"]
            subprocess.run([*command[:-2], *older], check=True, timeout=300)
            (ENVIRONMENT / "ready").touch()
    return python
