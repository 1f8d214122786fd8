"""The Verilated serial shell behind a pseudo-terminal, on a line that flips, drops and doubles bytes."""

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from tests.hw.shell.serial_board import SerialBoard

STEP_BYTES = 20


@dataclass(slots=True, kw_only=True)
class Faults:
    """How often a byte is spoilt, each way, either direction."""

    flip: float = 0.0
    drop: float = 0.0
    double: float = 0.0


class SerialLine:
    """A board behind `device`, its clock running all the time; `faults` may be changed meanwhile."""

    def __init__(self, board: SerialBoard, seed: int = 0) -> None:
        self.faults = Faults()
        self.board = board
        self._random = np.random.default_rng(seed)
        self._stops = threading.Event()

    @contextmanager
    def opened(self) -> Iterator["SerialLine"]:
        """Yield it with the board switched on."""
        host, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        with self.board.opened():
            pump = threading.Thread(target=self._pump, args=(host,))
            pump.start()
            try:
                yield self
            finally:
                self._stops.set()
                pump.join()
                os.close(host)
                os.close(self._slave)

    def _pump(self, host: int) -> None:
        while not self._stops.is_set():
            if select.select([host], [], [], 0.0)[0]:
                self.board.put(self._spoilt(os.read(host, 4096)))
            self.board.run(STEP_BYTES * self.board.cycles_per_byte)
            if answer := self._spoilt(self.board.get()):
                os.write(host, answer)

    def _spoilt(self, data: bytes) -> bytes:
        spoilt = bytearray()
        for byte in data:
            flipped = byte ^ (1 << int(self._random.integers(8))) if self._hits(self.faults.flip) else byte
            copies = 0 if self._hits(self.faults.drop) else 2 if self._hits(self.faults.double) else 1
            spoilt += bytes([flipped]) * copies
        return bytes(spoilt)

    def _hits(self, share: float) -> bool:
        return share > 0 and self._random.random() < share
