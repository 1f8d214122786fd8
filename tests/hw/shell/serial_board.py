"""The Verilated serial shell through its C functions: bytes onto its line, bytes from it."""

import ctypes

import numpy as np

from ganglion.deploy.transports.frame import Op, Parser, Status, request
from ganglion.hw.shell.library import SERIAL_HARNESS, build_library
from ganglion.models.reference import Ints
from tests.hw.bare import CACHE
from tests.hw.shell.shells import Build, Simulated

MOST_BYTES = 4096


class SerialBoard(Simulated):
    """A simulated board on a serial line, `cycles_per_byte` clock cycles a byte."""

    cycles_per_byte = 160

    def __init__(self, build: Build) -> None:
        top = build.shell.tops["serial"]
        path = build_library(
            build.design, top, build.shell.sources, build.paths.serial_library, CACHE, SERIAL_HARNESS
        )
        data = [ctypes.c_char_p, ctypes.c_int]
        super().__init__(build.shell, path, serial_put=data, serial_get=data, serial_skew=[ctypes.c_double])
        self._seq = 0

    def put(self, data: bytes) -> None:
        """Queue bytes for the line."""
        self._c.ganglion_serial_put(self._handle, data, len(data))

    def get(self) -> bytes:
        """Return the bytes that have come."""
        buffer = ctypes.create_string_buffer(MOST_BYTES)
        count = self._c.ganglion_serial_get(self._handle, buffer, MOST_BYTES)
        return buffer.raw[:count]

    def skew(self, length: float) -> None:
        """Make the host's bits this much longer, 1.02 for two percent."""
        self._c.ganglion_serial_skew(self._handle, length)

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
