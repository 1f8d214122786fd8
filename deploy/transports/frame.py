"""Frames on the serial line: what a request and its response look like, byte for byte (docs/serial.md)."""

import struct
from binascii import crc_hqx
from enum import IntEnum

REQUEST, RESPONSE = 0x47, 0x67
"""First bytes, "G" and "g"."""
WORD_BYTES = 4
MAX_WORDS = 255
_RESPONSE_HEADER, _CRC = struct.Struct("<BBBBB"), struct.Struct("<H")


class Op(IntEnum):
    """What a request asks for."""

    READ = 1
    """`count` words from `address` on."""
    WRITE = 2
    """That the payload be written to `address` and on."""
    INFER = 3
    """The same, then an inference; the response has its cycles, then the action window."""


class Status(IntEnum):
    """How a request went; a response with another than OK has no payload."""

    OK = 0
    UNKNOWN_OP = 1
    REFUSED = 2
    """The register block has no such address, or an inference did not start."""
    TIMEOUT = 3
    """The accelerator did not finish."""


def crc16(data: bytes) -> int:
    """Return CRC-16/CCITT-FALSE: polynomial 0x1021 from 0xFFFF, highest bit first."""
    return crc_hqx(data, 0xFFFF)


def request(op: int, seq: int, address: int, count: int, payload: bytes = b"") -> bytes:
    """Return a request's frame for `count` words, which are the payload unless they are to be read."""
    return _framed(REQUEST, struct.pack("<BBBH", op, seq, count, address) + payload)


def response(op: int, seq: int, status: int, payload: bytes = b"") -> bytes:
    """Return a response's frame, as the board makes it."""
    return _framed(RESPONSE, struct.pack("<BBBB", op, seq, status, len(payload) // WORD_BYTES) + payload)


def _framed(first: int, body: bytes) -> bytes:
    return bytes([first]) + body + _CRC.pack(crc16(body))


def response_bytes(count: int) -> int:
    """Return the length of a response of `count` words."""
    return _RESPONSE_HEADER.size + WORD_BYTES * count + _CRC.size


class Parser:
    """Finds a response among a line's bytes, whatever lies around it.

    `bad_frames` counts those that began like the one that was looked for and had a wrong checksum.
    """

    def __init__(self) -> None:
        self.bad_frames = 0
        self._bytes = bytearray()

    def clear(self) -> None:
        """Forget the bytes that came so far."""
        self._bytes.clear()

    def feed(self, data: bytes) -> None:
        """Take bytes that came."""
        self._bytes += data

    def find(self, op: int, seq: int, count: int) -> tuple[int, bytes] | None:
        """Return status and payload of the response to a request, or None until more bytes have come.

        Behind the first byte of what is none, or none that is whole, the search goes on: the true one may
        begin there.
        """
        while len(self._bytes) >= _RESPONSE_HEADER.size:
            first, *about, status, words = _RESPONSE_HEADER.unpack_from(self._bytes)
            if first == RESPONSE and about == [op, seq] and words == (0 if status else count):
                end = response_bytes(words)
                if len(self._bytes) < end:
                    return None
                body = bytes(self._bytes[1 : end - _CRC.size])
                if self._bytes[end - _CRC.size : end] == _CRC.pack(crc16(body)):
                    del self._bytes[:end]
                    return status, body[_RESPONSE_HEADER.size - 1 :]
                self.bad_frames += 1
            del self._bytes[0]
        return None
