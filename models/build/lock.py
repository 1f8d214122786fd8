"""One run at a time on a build: the others wait, and say so."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ganglion.models.build.files import LOCK_FILE, remove_half_written

log = logging.getLogger(__name__)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold build/<name>/ alone while the block runs; what a killed run left half written goes first.

    The lock belongs to the process: whoever dies lets go of it. Nested holds of one process, its threads
    included, are one.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / LOCK_FILE, is_singleton=True, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.warning("%s is in use by %s; waiting for it to end", root, _holder(root))
        lock.acquire()
    try:
        if lock.lock_counter == 1:
            (root / ".holder").write_text(f"process {os.getpid()}")
            remove_half_written(root)
        yield
    finally:
        lock.release()


def _holder(root: Path) -> str:
    try:
        return (root / ".holder").read_text()
    except OSError:
        return "another run"
