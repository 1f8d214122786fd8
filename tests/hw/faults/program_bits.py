"""The bits of a folded engine's memories, and why some of them cannot matter."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.hw.engines.folded.emit import BIAS_PREFIX, PROGRAM_FILE
from ganglion.hw.engines.folded.program import STORE, WRITE, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Bit:
    """A bit of a memory file, by the end of the file's name; `unread` says why it cannot matter."""

    file: str
    word: int
    bit: int
    what: str
    unread: str = ""

    def flip(self, folder: Path) -> None:
        """Turn the bit over; doing it again turns it back."""
        (path,) = folder.glob(f"*_{self.file}")
        words = path.read_text().split()
        words[self.word] = f"{int(words[self.word], 16) ^ 1 << self.bit:0{len(words[self.word])}x}"
        path.write_text("\n".join(words) + "\n")


def memory_bits(program: Program) -> list[Bit]:
    """Return every bit of the program and of the biases; the taps' memory is no part of the chip."""
    return [*_program_bits(program), *_bias_bits(program)]


def _bias_bits(program: Program) -> Iterator[Bit]:
    depth = 1 << program.index_bits
    for lane, biases in enumerate(program.biases):
        for index in range(depth):
            unread = "" if index < len(biases) else "a bias behind the lane's last"
            for bit in range(program.lowered.bias_bits):
                file, word = f"{BIAS_PREFIX}{lane // 2:02}.dat", lane % 2 * depth + index
                yield Bit(file=file, word=word, bit=bit, what=f"lane {lane} bias {index}", unread=unread)


def _program_bits(program: Program) -> Iterator[Bit]:
    names = _field_names(program)
    at = 0
    for name, (values, width) in zip(names, _columns(program), strict=True):
        for word, value in enumerate(values.tolist()):
            for bit in range(width):
                unread = _unread(program, name, word, value, value ^ 1 << bit)
                yield Bit(
                    file=PROGRAM_FILE, word=word, bit=at + bit, what=" ".join(map(str, name)), unread=unread
                )
        at += width


Name = tuple[str | int, ...]


def _columns(program: Program) -> Iterator[tuple[np.ndarray, int]]:
    for values, width in program.fields():
        for column in values.T:
            yield column, width


def _field_names(program: Program) -> Iterator[Name]:
    settings = program.shape
    yield ("release",)
    yield ("reduction",)
    if program.stores:
        yield ("store bank",)
    yield from (
        ("address", copy, bank) for copy in range(settings.replicas) for bank in range(settings.banks)
    )
    for lane in range(settings.lanes):
        yield from ((name, lane) for name in ("action", "weight", "bank"))


def _unread(program: Program, name: Name, word: int, value: int, other: int) -> str:
    """Return why a field may hold `other` in place of `value`, or nothing."""
    settings = program.shape
    multiplies = program.weight[word] != 0
    if name[0] == "address":
        readers = [p for p in range(settings.lanes) if settings.replica_of(p) == name[1] and multiplies[p]]
        if name[2] not in program.select[word, readers]:
            return "the address of a bank that nobody reads"
    if name[0] == "bank" and not multiplies[int(name[1])]:
        return "the bank of a lane that multiplies by zero"
    if name[0] == "weight" and not program.action[word:, int(name[1])].any():
        return "a weight behind the lane's last sum"
    if name[0] == "store bank" and program.reduction[word] < STORE:
        return "the bank of a reduction that stores nothing"
    if name[0] in ("action", "reduction") and min(value, other) >= WRITE:
        modes = len(program.lowered.modes)
        if min(value - WRITE, modes - 1) == min(other - WRITE, modes - 1):
            return "a number of a requantization that does not exist"
    return ""
