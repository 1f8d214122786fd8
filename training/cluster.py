"""Ray: a cluster to train on, here or elsewhere, and a training run as its task."""

import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from ganglion.models.build.errors import ToolError
from ganglion.models.build.spelling import spelled
from ganglion.training.run import Run
from ganglion.training.train import train

_RETRIES = 3
"""Of a run whose process was killed; it goes on from its checkpoint."""
_CONNECT_S = 5.0
_POLL_S = 1.0
_SOURCES = Path(__file__).parents[1]


# A process of its own for each run: its memory goes when it ends.
@ray.remote(num_cpus=1, max_calls=1, max_retries=_RETRIES)
def train_job(run: Run, root: str, before: Any) -> None:
    """Bring `run` to its end under the folder `root`, once the task `before` is done."""
    del before
    os.chdir(root)
    train(run)


def failures_of(tasks: Mapping[Any, str], show: Callable[[Sequence[Any]], None]) -> dict[str, str]:
    """Wait for tasks, by their names, and return why which failed; `show` hears each second who is left."""
    failures: dict[str, str] = {}
    waiting = list(tasks)
    while waiting:
        done, waiting = ray.wait(waiting, timeout=_POLL_S)
        for task in done:
            try:
                ray.get(task)
            except RayError as error:
                failures[tasks[task]] = _reason(error)
        show(waiting)
    return failures


def _reason(error: RayError) -> str:
    """Return the innermost message of an error that crossed processes, in one line."""
    cause = getattr(error, "cause", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[-1].strip()


def require_no(failures: Mapping[str, str], n_tasks: int) -> None:
    """Raise ToolError that names the first of some failures, if there are any."""
    for first, reason in failures.items():
        raise ToolError(f"{len(failures)} of {n_tasks} runs failed; the first, {first}: {reason}")


@contextmanager
def cluster(address: str | None, processes: int | None) -> Iterator[None]:
    """Connect to the cluster at host:port (or "auto"), or start one on this machine; leave it at the end.

    Raises ToolError when there is none. No usage statistics are sent and no dashboard is started.
    """
    # A sweep here is this machine's work: Ray's default would let everything else go first.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    if address not in (None, "auto"):
        _probe(str(address))
    paths = f"{_SOURCES}:{os.environ.get('PYTHONPATH', '')}".rstrip(":")
    environment = {"env_vars": {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}}
    options: dict[str, Any] = {"num_cpus": processes, "include_dashboard": False} if address is None else {}
    try:
        ray.init(
            address or "local",
            runtime_env=environment,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **options,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        hint = "; a cluster that asks for a token needs RAY_AUTH_MODE=token" if address else ""
        raise ToolError(f"Ray at {address or 'this machine'} is not reachable: {reason}{hint}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _probe(address: str) -> None:
    """Raise ToolError unless something listens at host:port; Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except (OSError, ValueError) as error:
        raise ToolError(
            f"Ray at {address} is not reachable ({error}); expected host:port of a running cluster or auto; "
            f"without {spelled('address')} the sweep runs on this machine"
        ) from None
