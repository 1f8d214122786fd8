"""What the register block in front of an accelerator looks like: the manifest's part that is shell.json."""

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ganglion.deploy.fields import Fields
from ganglion.models.build.errors import ExportError

SCHEMA = 1
WORD_BITS, WORD_BYTES = 32, 4
POLICY_BYTES = 16
MAX_ADDRESS_BITS = 16
WINDOW_TYPES = ("int", "float32", "index")
_REGISTERS = ("identity", "version", "policy", "control", "status", "cycles")
_MASK = (1 << WORD_BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A vector in the block: `values` of `bits` bits, each in a container, from `offset`.

    `type` says what they are: integers; or, where the action head is on chip, real actions (float32) or the
    number of one (index).

    Value 0 is in the low byte of the first word, as a little-endian host holds an array.
    """

    type: str
    offset: int
    values: int
    bits: int
    signed: bool
    container_bits: int
    words: int

    @property
    def low(self) -> int:
        """The smallest value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest value."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def dtype(self) -> "np.dtype[np.generic]":  # numpy 1.21 cannot subscript it
        """The type of an array of containers."""
        return np.dtype(f"<{'i' if self.signed else 'u'}{self.container_bits // 8}")

    @classmethod
    def read(cls, fields: Fields, key: str, end: int) -> "Window":
        """Return a manifest's window, which must lie below address `end`."""
        inner = fields.object(key)
        window = cls(
            type=inner.text("type"),
            offset=inner.integer("offset", 0, end - WORD_BYTES),
            values=inner.integer("values", 1, end),
            bits=inner.integer("bits", 1, WORD_BITS),
            signed=inner.flag("signed"),
            container_bits=inner.integer("container_bits", 8, WORD_BITS),
            words=inner.integer("words", 1, end // WORD_BYTES),
        )
        inner.close()
        if window.type not in WINDOW_TYPES:
            raise ExportError(f"{inner.at('type')}: {window.type!r} is none of {', '.join(WINDOW_TYPES)}")
        container = next(bits for bits in (8, 16, 32) if bits >= window.bits)
        words = -(-window.values * container // WORD_BITS)
        where = fields.at(key)
        if window.container_bits != container:
            raise ExportError(
                f"{where}: {window.bits} bits travel in {container}, not in {window.container_bits}"
            )
        if window.words != words:
            raise ExportError(f"{where}: {window.values} values fill {words} words, not {window.words}")
        if window.offset % WORD_BYTES or window.offset + WORD_BYTES * words > end:
            raise ExportError(f"{where}: {words} words at {window.offset:#x} do not fit below {end:#x}")
        return window


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMap:
    """Addresses in bytes, masks, and what the block says of itself."""

    identity_value: int
    version_value: int
    policy_value: str
    """The SHA-256 of the policy, in hexadecimal; the block holds its first `POLICY_BYTES`."""
    identity: int
    version: int
    policy: int
    control: int
    status: int
    cycles: int
    clear: int
    free_running: int
    reset: int
    done: int
    errors: int
    """The mask of all sticky errors in the status."""
    error_bits: Mapping[str, int]
    observation: Window
    action: Window

    def describe_errors(self, status: int) -> str:
        """Return what the sticky errors of a status word are."""
        names = [name for name, mask in self.error_bits.items() if status & mask]
        return f"the accelerator's status is {status:#x}: {', '.join(names) or 'no error'}"

    @classmethod
    def read(cls, fields: Fields) -> "RegisterMap":
        """Return the map in the object of a manifest's key `shell`."""
        fields.integer("schema", SCHEMA, SCHEMA)
        fields.text("name")
        end = 1 << fields.integer("address_bits", 12, MAX_ADDRESS_BITS)
        for unread in ("sources", "tops"):
            fields.any(unread)
        address = fields.names("registers", 0, end - WORD_BYTES, _REGISTERS)
        for name, value in address.items():
            if value % WORD_BYTES:
                raise ExportError(
                    f"{fields.at('registers')}: {name} is at {value}, no multiple of {WORD_BYTES}"
                )
        control = fields.names("control", 1, _MASK, ("clear", "free_running", "reset"))
        status = fields.names("status", 1, _MASK, ("busy", "done"))
        error_bits = {name: mask for name, mask in status.items() if name not in ("busy", "done")}
        found = cls(
            identity_value=fields.integer("identity", 0, _MASK),
            version_value=fields.integer("version", 0, _MASK),
            policy_value=fields.sha256("policy"),
            **{name: address[name] for name in _REGISTERS},
            clear=control["clear"],
            free_running=control["free_running"],
            reset=control["reset"],
            done=status["done"],
            errors=functools.reduce(operator.or_, error_bits.values(), 0),
            error_bits=error_bits,
            observation=Window.read(fields, "observation", end),
            action=Window.read(fields, "action", end),
        )
        fields.close()
        return found
