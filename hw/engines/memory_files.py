"""How engines write the memory files that their modules read."""

from collections.abc import Sequence

END_OF_ORDER = 0xFFFF
"""What marks the end of a bank's results in a file that tells taps their order; ganglion_tap.sv knows it."""


def hex_words(words: Sequence[int], bits: int) -> str:
    """Return words as $readmemh reads them, negative ones in two's complement."""
    digits = -(-bits // 4)
    return "".join(f"{word & ((1 << bits) - 1):0{digits}x}\n" for word in words)
