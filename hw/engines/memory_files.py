"""How engines write the memory files that their modules read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

ORDER_FILE = "order.dat"
"""The file that tells taps which neuron each value is that passes, by bank and result."""
END_OF_ORDER = 0xFFFF
"""What marks the end of a bank's results in a file that tells taps their order; ganglion_tap.sv knows it."""


def hex_words(words: Sequence[int], bits: int) -> str:
    """Return words as $readmemh reads them, negative ones in two's complement."""
    digits = -(-bits // 4)
    return "".join(f"{word & ((1 << bits) - 1):0{digits}x}\n" for word in words)


def write_memory_files(files: Mapping[str, str], folder: Path, node: str) -> tuple[Path, ...]:
    """Write texts by name into `folder`, the files' names beginning with the node's, and return them."""
    paths = {folder / f"{node}_{name}": text for name, text in files.items()}
    for path, text in paths.items():
        path.write_text(text)
    return tuple(paths)
