"""The log of a run: a CSV file, a row a tick, written by a thread of its own, for a disk may be slow."""

import csv
import errno
import io
import os
import threading
from collections import deque
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from ganglion.deploy.control.statistics import Tick
from ganglion.models.build.errors import ConfigError

_EVERY_S = 0.1


class RunLog:
    """Writes ticks to `path`, ten times a second; a row that cannot be written is counted in `lost`.

    At half of `max_bytes` the file becomes <path>.1, in place of an older one, and a new one begins. A row:
    the tick, seconds since the first, the inference in microseconds, why and by which error the action is not
    the policy's, then the observation and the policy's action, blank where there is none.
    """

    def __init__(
        self, path: Path, max_bytes: int, n_observation: int, n_action: int, queue: int = 16384
    ) -> None:
        self._path, self._half = path, max_bytes // 2
        self._sizes = (n_observation, n_action)
        self._queue = queue
        self._rows: deque[Tick] = deque()
        self._begun_ns: int | None = None
        self.lost = 0
        self.error = ""
        try:
            self._file = self._opened()
        except OSError as error:
            raise ConfigError(f"log {path}: {error.strerror}") from None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="ganglion log", daemon=True)
        self._thread.start()

    def add(self, tick: Tick) -> None:
        """Take one tick; its arrays are copied, and it is lost if `queue` of them wait already."""
        if self._begun_ns is None:
            self._begun_ns = tick.start_ns
        if len(self._rows) >= self._queue:
            self.lost += 1
            return
        self._rows.append(
            Tick(
                tick.number,
                tick.start_ns - self._begun_ns,
                _values(tick.observation, self._sizes[0]),
                _values(tick.action, self._sizes[1]),
                tick.latency_ns,
                tick.cause,
                tick.said,
            )
        )

    def close(self) -> None:
        """Write what waits, within two seconds."""
        self._ended.set()
        self._thread.join(timeout=2)

    def _opened(self) -> FileIO:
        """Return a new file with its header; what cannot be written raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = FileIO(self._path, "w")
        file.write(_line(self._columns()))
        return file

    def _columns(self) -> list[str]:
        names = zip(("observation", "action"), self._sizes, strict=True)
        values = [f"{name}_{index}" for name, size in names for index in range(size)]
        return ["tick", "time_s", "latency_us", "cause", "error", *values]

    def _write_all(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._ended.wait(_EVERY_S)
            for _ in range(len(self._rows)):
                try:
                    self._write(_line(_row(self._rows.popleft())))
                except OSError as error:
                    self.lost += 1
                    self.error = self.error or str(error.strerror)

    def _write(self, line: bytes) -> None:
        if self._file.closed or self._file.tell() + len(line) > self._half:
            self._file.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._file = self._opened()
        begun = self._file.tell()
        written = self._file.write(line)
        if written < len(line):
            self._file.truncate(begun)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _line(row: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()


def _values(array: Any, size: int) -> list[Any]:
    """Return an array's `size` numbers, blanks where it is none of that size."""
    values = np.asarray(array)
    if values.size != size or values.dtype.kind not in "biuf":
        return [""] * size
    return values.ravel().tolist()


def _row(tick: Tick) -> list[Any]:
    latency_us = "" if tick.latency_ns is None else f"{tick.latency_ns / 1e3:.1f}"
    cause = "" if tick.cause is None else tick.cause.value
    return [
        tick.number,
        f"{tick.start_ns / 1e9:.6f}",
        latency_us,
        cause,
        tick.said,
        *tick.observation,
        *tick.action,
    ]
