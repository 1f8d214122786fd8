"""A board on a serial line: an access is a frame with a checksum, sent again until it is answered."""

import contextlib
from time import monotonic
from typing import Any, Protocol

import numpy as np

from ganglion.deploy.register_map import RegisterMap
from ganglion.deploy.transports.frame import (
    MAX_WORDS,
    WORD_BYTES,
    Op,
    Parser,
    Status,
    request,
    response_bytes,
)
from ganglion.deploy.transports.transport import TIMEOUT_S, Transport, TransportError, Words
from ganglion.models.build.errors import ToolError

try:
    from termios import error as TerminalError  # noqa: N812, what pyserial lets through when a device is gone
except ImportError:  # not on Windows
    TerminalError = OSError

BAUD = 1_000_000
LATENCY_S = 0.02
"""How long an operating system and a USB adapter may hold an answer back; FTDI's do so for 16 ms."""
GAP_BYTES = 64
"""The silence, in bytes, after which the board forgets a request that is not whole."""
POLL_S = 0.001
BITS_PER_BYTE = 10

_REASONS: dict[int, str] = {
    Status.UNKNOWN_OP: "does not know this request; load the bit file of the bundle",
    Status.REFUSED: "refused an access; load the bit file of the bundle",
    Status.TIMEOUT: "has an accelerator that does not finish; reset it, or load its bit file again",
}


class Line(Protocol):
    """What is used of `serial.Serial`."""

    def read(self, size: int, /) -> bytes:
        """Return `size` bytes, or those that came within a moment."""
        ...

    def write(self, data: bytes, /) -> Any:
        """Send bytes."""

    def reset_input_buffer(self) -> None:
        """Forget what came and was not read."""

    def close(self) -> None:
        """Close the device."""


class SerialTransport(Transport):
    """The register block behind a serial line; `retries` and `bad_frames` count what went wrong on it.

    A request that is lost or damaged, or whose answer is, is asked again under its sequence number until
    `timeout_s` is over. What is accepted answers this request and has the right CRC-16; a damaged frame
    passes for a good one in one of 65,536 cases, and never with a single burst of 16 bits or less.
    """

    def __init__(
        self, line: Line, baud: int = BAUD, timeout_s: float = TIMEOUT_S, latency_s: float = LATENCY_S
    ) -> None:
        self.timeout_s = timeout_s
        self.retries = 0
        self._line = line
        self._byte_s = BITS_PER_BYTE / baud
        self._latency_s = latency_s
        self._parser = Parser()
        self._seq = 0

    @classmethod
    def open(cls, device: str, baud: int = BAUD, timeout_s: float = TIMEOUT_S) -> "SerialTransport":
        """Return the transport over a device such as /dev/ttyUSB1, which no other process may use meanwhile.

        Raises ToolError without pyserial, TransportError when the device is absent or in use.
        """
        try:
            import serial
        except ImportError:
            raise ToolError("pyserial is missing; install it: pip install pyserial") from None
        try:
            port = serial.Serial(device, baud, timeout=POLL_S, write_timeout=timeout_s, exclusive=True)
        except (OSError, ValueError) as error:
            raise TransportError(f"{device} at {baud} baud: {error}", is_retryable=False) from None
        # Without it an FTDI adapter keeps an answer for 16 ms; other adapters have no such mode.
        with contextlib.suppress(OSError, ValueError, NotImplementedError, AttributeError):
            port.set_low_latency_mode(True)
        return cls(port, baud, timeout_s)

    @property
    def bad_frames(self) -> int:
        """How many answers came with a wrong checksum."""
        return self._parser.bad_frames

    def read(self, address: int) -> int:
        """Return the word at `address`."""
        return int.from_bytes(self._ask(Op.READ, address, b"", 1), "little")

    def write(self, address: int, value: int) -> None:
        """Write the word `value` to `address`."""
        self._ask(Op.WRITE, address, value.to_bytes(WORD_BYTES, "little"), 0)

    def read_words(self, address: int, words: Words) -> None:
        """Fill `words` with those from `address` on, as many in a frame as it takes."""
        for first in range(0, len(words), MAX_WORDS):
            part = words[first : first + MAX_WORDS]
            part[:] = np.frombuffer(self._ask(Op.READ, address + WORD_BYTES * first, b"", len(part)), "<u4")

    def write_words(self, address: int, words: Words) -> None:
        """Write `words` to `address` and on, as many in a frame as it takes."""
        for first in range(0, len(words), MAX_WORDS):
            part = words[first : first + MAX_WORDS].astype("<u4", copy=False)
            self._ask(Op.WRITE, address + WORD_BYTES * first, part.tobytes(), 0)

    def infer(self, registers: RegisterMap, observation: Words, action: Words) -> int:
        """Send an observation, fill `action` and return the cycles: one exchange for up to 255 words."""
        first = max(len(observation) - MAX_WORDS, 0)
        offset = registers.observation.offset
        self.write_words(offset, observation[:first])
        last = observation[first:].astype("<u4", copy=False)
        answer = self._ask(Op.INFER, offset + WORD_BYTES * first, last.tobytes(), 1 + len(action))
        words = np.frombuffer(answer, "<u4")
        action[:] = words[1:]
        return int(words[0])

    def close(self) -> None:
        """Let go of the device."""
        self._line.close()

    def _ask(self, op: Op, address: int, payload: bytes, count: int) -> bytes:
        """Return the `count` words with which the board answers a request."""
        self._seq = (self._seq + 1) & 0xFF
        asked = len(payload) // WORD_BYTES if op is not Op.READ else count
        frame = request(op, self._seq, address, asked, payload)
        patience_s = (len(frame) + response_bytes(count) + GAP_BYTES) * self._byte_s + self._latency_s
        end_s = monotonic() + self.timeout_s
        self._parser.clear()
        try:
            self._line.reset_input_buffer()
            while True:
                self._line.write(frame)
                answer = self._receive(op, count, min(end_s, monotonic() + patience_s))
                if answer is not None:
                    break
                if monotonic() >= end_s:
                    raise TransportError(
                        f"the board did not answer within {self.timeout_s:g} s ({self.retries} retries, "
                        f"{self.bad_frames} bad frames so far); check device, baud and bit file",
                        is_retryable=True,
                    )
                self.retries += 1
        except (OSError, TerminalError) as error:
            raise TransportError(f"the serial line failed: {error}", is_retryable=False) from None
        status, words = answer
        if status != Status.OK:
            reason = _REASONS.get(status, f"answered with the unknown status {status}")
            raise TransportError(f"the board {reason}", is_retryable=False)
        return words

    def _receive(self, op: Op, count: int, end_s: float) -> tuple[int, bytes] | None:
        """Return status and words of the answer, or None when it is time to ask again."""
        bad_frames = self.bad_frames
        while monotonic() < end_s:
            data = self._line.read(response_bytes(count))
            self._parser.feed(data)
            answer = self._parser.find(op, self._seq, count)
            if answer is not None:
                return answer
            if not data and self.bad_frames > bad_frames:
                return None
        return None
