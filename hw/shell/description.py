"""shell.json: the addresses of a design's registers, what its windows hold, and the files of its shells."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.design import Design
from ganglion.hw.shell.registers import (
    ADDRESS_BITS,
    CONTROL,
    IDENTITY,
    REGISTERS,
    STATUS,
    VERSION,
    WORD_BYTES,
    action_offset,
    observation_offset,
)
from ganglion.hw.shell.window import Window
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import CompileError
from ganglion.models.spec.types import IntType

TOPS = {
    "axi_lite": "ganglion_shell_axi_lite",
    "axi": "ganglion_shell_axi",
    "stream": "ganglion_shell_stream",
    "serial": "ganglion_shell_serial",
}
"""The top module of each bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """shell.json; addresses in bytes, flags as bit masks, `sources` in compile order, relative to hw.json."""

    __pydantic_config__: ClassVar = STRICT

    schema: Literal[1] = 1
    name: str
    policy: str
    identity: int = IDENTITY
    version: int = VERSION
    address_bits: int
    registers: dict[str, int] = field(default_factory=lambda: {each.name: each.offset for each in REGISTERS})
    control: dict[str, int] = field(
        default_factory=lambda: {name: mask for name, (mask, _) in CONTROL.items()}
    )
    status: dict[str, int] = field(default_factory=lambda: {name: mask for name, (mask, _) in STATUS.items()})
    observation: Window
    action: Window
    sources: tuple[str, ...]
    tops: dict[str, str] = field(default_factory=lambda: dict(TOPS))

    def __str__(self) -> str:
        """Return one line for people."""
        sizes = f"{self.observation.words} words in, {self.action.words} out"
        return f"{', '.join(self.tops.values())}: {sizes}, addresses of {self.address_bits} bits"


def describe(design: Design, policy_sha256: str, sources: tuple[str, ...]) -> Shell:
    """Return the shell of a design; CompileError when its vectors have no room in the widest address."""
    for address_bits in ADDRESS_BITS:
        entry = design.input.format
        observation = Window.of(entry.type, entry.features, observation_offset(address_bits))
        action = _action(design, action_offset(address_bits))
        if _has_room(observation) and _has_room(action):
            return Shell(
                name=design.name,
                policy=policy_sha256,
                address_bits=address_bits,
                observation=observation,
                action=action,
                sources=sources,
            )
    most = observation_offset(ADDRESS_BITS[-1])
    raise CompileError(
        f"{design.name}: the register block has room for an observation of {most} bytes and an action of "
        f"{most // 2}, got {_bytes(design.input.format)} and {WORD_BYTES * _action(design, 0).words}"
    )


def _action(design: Design, offset: int) -> Window:
    """Return the window of what the accelerator, or the action head behind it, answers."""
    form, head = design.output.format, design.head
    if head is None:
        return Window.of(form.type, form.features, offset)
    kind = IntType(bits=head.bits, signed=head.type == "float32")
    return replace(Window.of(kind, head.values, offset), type=head.type)


def _has_room(window: Window) -> bool:
    """Return whether a window ends before its room, which is as large as its offset."""
    return WORD_BYTES * window.words <= window.offset


def _bytes(form: StreamFormat) -> int:
    return WORD_BYTES * Window.of(form.type, form.features, 0).words
