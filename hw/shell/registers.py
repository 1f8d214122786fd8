"""The register map behind every bus: byte addresses, bits, meanings. Nobody else repeats a number of it."""

from dataclasses import dataclass

IDENTITY = 0x474E474C
"""What the first register reads: "GNGL"."""
VERSION = 1
"""The version of this map."""
ADDRESS_BITS = range(12, 17)
"""How wide an address may be; the narrowest that has room is taken."""
POLICY_BYTES = 16
"""The bytes of the policy's SHA-256 that can be read back."""
WORD_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A register of `words` 32-bit words from byte address `offset` on; `writable` or read only."""

    name: str
    offset: int
    meaning: str
    words: int = 1
    writable: bool = False


REGISTERS = (
    Register(name="identity", offset=0x00, meaning=f'{IDENTITY:#010x}, "GNGL"'),
    Register(name="version", offset=0x04, meaning=f"version of this map, {VERSION}"),
    Register(
        name="policy",
        offset=0x08,
        words=POLICY_BYTES // WORD_BYTES,
        meaning=f"first {POLICY_BYTES} bytes of the SHA-256 of policy.json, the first in the lowest byte",
    ),
    Register(
        name="observation_shape",
        offset=0x18,
        meaning="values in bits 15 to 0, bits of a value in bits 23 to 16, bit 24 set when signed",
    ),
    Register(name="action_shape", offset=0x1C, meaning="the same of the action"),
    Register(name="control", offset=0x20, writable=True, meaning="see control"),
    Register(name="status", offset=0x24, meaning="see status"),
    Register(name="cycles", offset=0x28, meaning="cycles from the start to the action, running while busy"),
    Register(name="inferences", offset=0x2C, meaning="inferences since reset, modulo 2^32"),
    Register(name="clock", offset=0x30, meaning="cycles since reset, modulo 2^32"),
)

CONTROL = {
    "start": (1, "start an inference; reads 0"),
    "clear": (2, "clear done and the error flags; reads 0"),
    "free_running": (4, "while set, the write of the observation's last value starts the inference"),
    "interrupt_enable": (8, "while set, the interrupt is high while done is"),
    "reset": (16, "abandon the inference and reset the accelerator; reads 0"),
}
"""Bits of control by name: mask and meaning. A write sets those that stay to what it says."""

STATUS = {
    "busy": (1, "an inference runs"),
    "done": (2, "an inference ended; the next start clears it"),
    "write_while_busy": (4, "sticky: an observation word or a start was refused because an inference ran"),
    "bad_access": (8, "sticky: an access was unmapped, unaligned, or to what it may not read or write"),
}
"""Bits of status by name: mask and meaning."""


def observation_offset(address_bits: int) -> int:
    """Return where the observation begins: it has the upper half of the addresses."""
    return 1 << (address_bits - 1)


def action_offset(address_bits: int) -> int:
    """Return where the action begins: it has the second quarter of the addresses."""
    return 1 << (address_bits - 2)


def shape_word(values: int, bits: int, signed: bool) -> int:
    """Return what observation_shape or action_shape reads."""
    return values | bits << 16 | int(signed) << 24
