"""What made an artefact."""

import subprocess
from pathlib import Path


def git_commit() -> str:
    """Return the commit of the running code, "+changes" added when files differ; "unknown" without git."""
    command = [
        "git",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--abbrev=12",
        "--dirty=+changes",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
