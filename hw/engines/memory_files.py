"""How engines write the memory files that their modules read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ganglion.models.reference import Ints

ORDER_FILE = "order.dat"
"""The file that tells taps which neuron each value is that passes, by bank and result."""
END_OF_ORDER = 0xFFFF
"""What marks the end of a bank's results in a file that tells taps their order; ganglion_tap.sv knows it."""


def hex_words(words: Sequence[int], bits: int) -> str:
    """Return words as $readmemh reads them, negative ones in two's complement."""
    digits = -(-bits // 4)
    return "".join(f"{word & ((1 << bits) - 1):0{digits}x}\n" for word in words)


def packed(fields: Sequence[tuple[Ints, int]]) -> list[int]:
    """Return words of fields, the low bits first: of each its values [T] and the bits that they have."""
    words, position = [0] * len(fields[0][0]), 0
    for values, bits in fields:
        for number, value in enumerate(values.tolist()):
            words[number] |= (value & ((1 << bits) - 1)) << position
        position += bits
    return words


def tap_order(written: Sequence[Sequence[int]], inputs: int) -> dict[str, str]:
    """Return the file of the results' order: ids `written` in each bank, which begin after the `inputs`."""
    rows = max(1, *map(len, written)) + 1
    ordered = [
        [*(neuron - inputs for neuron in bank), *[END_OF_ORDER] * (rows - len(bank))] for bank in written
    ]
    return {ORDER_FILE: hex_words([word for bank in ordered for word in bank], 16)}


def write_memory_files(files: Mapping[str, str], folder: Path, node: str) -> tuple[Path, ...]:
    """Write texts by name into `folder`, the files' names beginning with the node's, and return them."""
    paths = {folder / f"{node}_{name}": text for name, text in files.items()}
    for path, text in paths.items():
        path.write_text(text)
    return tuple(paths)
