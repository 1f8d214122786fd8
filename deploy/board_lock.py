"""One process at a time on a board."""

import fcntl
import os
import re
import tempfile
from pathlib import Path

from ganglion.deploy.transports.transport import TransportError


class BoardLock:
    """The right to drive a board, which ends with `release` or the process that holds it.

    A board that another transport holds, of this process or another, raises TransportError at once.
    """

    def __init__(self, board: str, folder: Path | None = None) -> None:
        name = re.sub("[^A-Za-z0-9]+", "-", board).strip("-")
        path = (folder or Path(tempfile.gettempdir())) / f"ganglion-{name}.lock"
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            # In a folder such as /tmp Linux lets not even root open another user's file with O_CREAT.
            create = 0 if path.exists() else os.O_CREAT
            self._handle = os.open(path, flags | create, 0o666)
        except OSError as error:
            raise TransportError(f"{path}: {error.strerror}", is_retryable=False) from None
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._handle, 20, 0).decode(errors="replace").strip()
            os.close(self._handle)
            raise TransportError(
                f"{board} is driven by process {holder or 'unknown'}; end it, or wait for it to end",
                is_retryable=False,
            ) from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go of the board; a second time does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
