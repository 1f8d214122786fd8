"""The real pynq in an environment of its own, beside builds: it wants an older numpy than we have."""

import subprocess
import sys
from pathlib import Path

from ganglion.models.build.lock import locked

ENVIRONMENT = Path(__file__).parents[4] / "build" / "pynq-4.0.0"
REQUIREMENTS = ("pynq==4.0.0", "numpy<2")


def pynq_python() -> Path:
    """Return a Python that imports pynq; its environment is made from the package index once, in minutes."""
    python = ENVIRONMENT / "bin" / "python"
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with locked(ENVIRONMENT):
        if not (ENVIRONMENT / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True, timeout=120)
            command = [str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS]
            subprocess.run(command, check=True, timeout=900)
            (ENVIRONMENT / "ready").touch()
    return python
