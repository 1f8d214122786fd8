"""The Verilated serial shell through its C functions: bytes onto its line, bytes from it."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ganglion.deploy.transports.frame import Op, Parser, Status, request
from ganglion.hw.shell.library import SERIAL_HARNESS, build_library
from ganglion.models.reference import Ints
from tests.hw.bare import CACHE
from tests.hw.shell.shells import Build

MOST_BYTES = 4096


class SerialBoard:
    """A simulated board on a serial line, `cycles_per_byte` clock cycles a byte."""

    cycles_per_byte = 160

    def __init__(self, build: Build) -> None:
        self.shell = build.shell
        top = build.shell.tops["serial"]
        path = build_library(
            build.design, top, build.shell.sources, build.paths.serial_library, CACHE, SERIAL_HARNESS
        )
        self._c = ctypes.CDLL(str(path))
        handle, count, data = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
        self._c.ganglion_open.restype = handle
        self._c.ganglion_clock.restype = ctypes.c_uint64
        for name, kinds in {
            "close": [handle],
            "clock": [handle],
            "reset": [handle, ctypes.c_uint32],
            "run": [handle, ctypes.c_uint64],
            "serial_put": [handle, data, count],
            "serial_get": [handle, data, count],
            "serial_skew": [handle, ctypes.c_double],
        }.items():
            getattr(self._c, f"ganglion_{name}").argtypes = kinds

    @contextmanager
    def opened(self) -> Iterator["SerialBoard"]:
        """Yield it with a fresh accelerator behind it."""
        self._handle = self._c.ganglion_open()
        self._seq = 0
        try:
            yield self
        finally:
            self._c.ganglion_close(self._handle)

    def put(self, data: bytes) -> None:
        """Queue bytes for the line."""
        self._c.ganglion_serial_put(self._handle, data, len(data))

    def get(self) -> bytes:
        """Return the bytes that have come."""
        buffer = ctypes.create_string_buffer(MOST_BYTES)
        count = self._c.ganglion_serial_get(self._handle, buffer, MOST_BYTES)
        return buffer.raw[:count]

    def run(self, cycles: int) -> None:
        assert self._c.ganglion_run(self._handle, cycles) == 0

    def reset(self, cycles: int = 1) -> None:
        self._c.ganglion_reset(self._handle, cycles)

    def skew(self, length: float) -> None:
        """Make the host's bits this much longer, 1.02 for two percent."""
        self._c.ganglion_serial_skew(self._handle, length)

    @property
    def clock(self) -> int:
        """Cycles simulated so far."""
        return self._c.ganglion_clock(self._handle)

    def say(self, data: bytes, bytes_of_time: float) -> bytes:
        """Return what comes while bytes are put and so many byte times pass."""
        self.put(data)
        self.run(round(bytes_of_time * self.cycles_per_byte))
        return self.get()

    def ask(self, op: int, address: int, count: int, payload: bytes = b"") -> tuple[int, np.ndarray]:
        """Return the status and the words of a request's answer; without one the test fails."""
        self._seq = (self._seq + 1) & 0xFF
        frame, parser = request(op, self._seq, address, count, payload), Parser()
        self.put(frame)
        answers = 1 + self.shell.action.words if op == Op.INFER else count if op == Op.READ else 0
        for _ in range(20):
            self.run((len(frame) + 4 * answers + 8) * self.cycles_per_byte)
            parser.feed(self.get())
            if answer := parser.find(op, self._seq, answers):
                return answer[0], np.frombuffer(answer[1], "<u4")
        raise AssertionError("no answer")

    def read(self, name: str) -> int:
        """Return what a register reads."""
        status, words = self.ask(Op.READ, self.shell.registers[name], 1)
        assert status == Status.OK
        return int(words[0])

    def control(self, *names: str) -> None:
        """Write these bits of control."""
        mask = sum(self.shell.control[name] for name in names)
        address = self.shell.registers["control"]
        assert self.ask(Op.WRITE, address, 1, mask.to_bytes(4, "little"))[0] == Status.OK

    def infer_request(self, seq: int, vector: Ints) -> bytes:
        """Return the frame of an inference of an observation [values]."""
        window = self.shell.observation
        return request(Op.INFER, seq, window.offset, window.words, window.pack(vector[None]).tobytes())

    def infer(self, vector: Ints) -> Ints:
        """Return the action for an observation [values]."""
        window = self.shell.observation
        status, words = self.ask(Op.INFER, window.offset, window.words, window.pack(vector[None]).tobytes())
        assert status == Status.OK
        return self.shell.action.unpack(words[None, 1:])[0]
