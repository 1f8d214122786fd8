"""The control loop in a process of its own, for its signals: robot_in_a_process.py WRITTEN FAULT SECONDS.

Every action is appended to the file WRITTEN. FAULT is "none", "slow" (an inference of SECONDS) or "stuck"
(one that never returns).
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ganglion.deploy.control.run import RunSettings, run_loop
from tests.deploy.control.fakes import HOST, infer


def main(path: Path, fault: str, seconds: float) -> None:
    """Run until a signal comes."""

    def write(action: Any) -> None:
        with path.open("a") as file:
            file.write(f"{np.asarray(action).tolist()}\n")

    def answer(observation: Any) -> Any:
        time.sleep(1e6 if fault == "stuck" else seconds if fault == "slow" else 0)
        return infer(observation)

    settings = RunSettings(rate_hz=100, hang_s=0.5 if fault == "stuck" else 30, max_failures=1_000_000)
    run_loop(answer, HOST, lambda: np.ones(2, dtype=np.float32), write, settings)
    print("ended well")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
