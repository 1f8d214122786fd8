"""What one adder takes: of a 7-series part, as rtl/ganglion_add3_xc7.sv builds it, or as synthesis does.

A ternary adder is one LUT6 a bit: it sums three bits, adds the majority of the three bits below, and leaves
the rest to the carry chain. Where fewer bits meet, less is needed: a lone bit is a wire. Sets of positions
are integers, bit i for position i.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

# Bits, shift and inversion of each addend.
Shapes: TypeAlias = tuple[tuple[int, int, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdderCells:
    """LUTs, inverters included, and CARRY4 of an adder."""

    luts: int
    carry4: int


@lru_cache(maxsize=1 << 18)
def adder_cells(shapes: Shapes, constant: int, bits: int) -> AdderCells:
    """Return the cells of a sum of `bits` bits of addends of these shapes and a constant."""
    top = (1 << bits) - 1
    constant &= top
    one = two = three = inverted = 0  # positions with at least that many variable bits
    for width, shift, is_inverted in shapes:
        here = ((1 << width) - 1) << shift & top
        one, two, three = one | here, two | (one & here), three | (two & here)
        inverted |= here if is_inverted else 0
    meeting_two, meeting_three = two | (one & constant), three | (two & constant)
    # A majority starts where three bits meet and goes on while two do: these are the carries of an addition.
    from_below = ((meeting_two + meeting_three) ^ meeting_two ^ meeting_three) & top
    luts = two | (one & from_below)
    inverters = (one & ~luts & (inverted ^ constant)) | (from_below & ~one & constant)
    chain = bits - (meeting_two & -meeting_two).bit_length() + 1 if meeting_two else 0
    return AdderCells(luts=(luts | inverters).bit_count(), carry4=-(-chain // 4))


def plain_luts(shapes: Shapes, constant: int, bits: int) -> int:
    """Return the LUTs of the same sum as synthesis makes it for a part without LUT6_2, of addends two by two.

    They are the bits of its carry chain, and those inverted before it: one that no other meets is inverted
    in the LUT beside its carry.
    """
    top = (1 << bits) - 1
    one = two = 0
    for width, shift, _ in shapes:
        here = ((1 << width) - 1) << shift & top
        one, two = one | here, two | (one & here)
    meeting = two | (one & constant)
    if not meeting:
        return 0
    inverted = (((1 << width) - 1) << shift & two for width, shift, is_inverted in shapes if is_inverted)
    below = (meeting & -meeting).bit_length() - 1
    return bits - below + sum(each.bit_count() for each in inverted)
