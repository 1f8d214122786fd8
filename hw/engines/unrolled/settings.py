"""How an unrolled network is built: adders between registers, digits of a weight, and the part's adders."""

from dataclasses import dataclass, replace

from ganglion.hw.target.board import Board


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledSettings:
    """`cut` adders between registers, at most `csd_digits` digits a weight; what adders the part has.

    `adder_inputs` is 3 on Xilinx parts, which sum three bits in one LUT, else 2; `xc7` is for 7-series.
    """

    cut: int = 2
    csd_digits: int | None = None
    adder_inputs: int = 3
    xc7: bool = True

    def on(self, board: Board) -> "UnrolledSettings":
        """Return the settings with the adders of a board's part."""
        return replace(self, adder_inputs=board.family.adder_inputs, xc7=board.family.primitives == "xc7")
