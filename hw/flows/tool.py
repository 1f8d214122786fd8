"""Run one of a flow's tools: its output in a log, a deadline, and an error that says what went wrong."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ganglion.models.build.errors import ToolError


def run_tool(
    command: Sequence[str | Path],
    log_file: Path,
    deadline_s: float,
    environment: Mapping[str, str] | None = None,
    name: str | None = None,
    folder: Path | None = None,
) -> str:
    """Return what a command printed, run in `folder` or that of `log_file`, where what it prints is kept.

    ToolError with the first line that says ERROR, or the exit status, when it fails; and when it is late; it
    calls the tool `name`, or as its file is called.
    """
    name = name or Path(command[0]).name
    with log_file.open("w") as output:
        try:
            done = subprocess.run(
                command,
                cwd=folder or log_file.parent,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=deadline_s,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"{name} did not finish in {deadline_s} s; see {log_file}") from None
    printed = log_file.read_text(errors="replace")
    if done.returncode:
        error = re.search(r"^.*\bERROR\b.*$", printed, re.MULTILINE)
        said = error[0] if error else f"exit status {done.returncode}"
        raise ToolError(f"{name}: {said} (log: {log_file})")
    return printed
