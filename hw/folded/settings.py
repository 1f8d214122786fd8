"""How a folded engine is built: lanes, activation banks, copies of them, and where the multipliers go."""

from dataclasses import dataclass
from enum import Enum

from models.artifacts import CompileError
from models.reference import IntNetwork

MAX_LANES = 64
MAX_WIDTH = 1024
MOST_BANKS = 32
MIN_BITS, MAX_BITS = 2, 8


class Multiplier(Enum):
    """What multiplies in a lane; narrow weights belong in LUTs."""

    DSP = "dsp"
    LUT = "lut"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedSettings:
    """The shape of an engine.

    Lane p writes bank p mod `banks`. Lanes are dealt in blocks to `copies` identical copies of the banks. In
    a cycle a copy reads one address of each bank, and any of its lanes may take what comes.
    """

    lanes: int
    banks: int
    copies: int
    multiplier: Multiplier = Multiplier.DSP

    def __post_init__(self) -> None:
        for name, high in (("lanes", MAX_LANES), ("banks", self.lanes), ("copies", self.lanes)):
            if not 1 <= getattr(self, name) <= high:
                nearest = min(max(1, getattr(self, name)), high)
                raise CompileError(
                    f"folded: {name} = {getattr(self, name)} is outside 1 to {high}; "
                    f"the nearest that works: {name} = {nearest}"
                )

    @classmethod
    def of(cls, lanes: int, multiplier: Multiplier = Multiplier.DSP) -> "FoldedSettings":
        """Return the engine measured best: half as many lanes read a copy as it has banks.

        With fewer copies the scheduler leaves gaps (two to five percent); beyond 32 banks selecting one costs
        more LUTs than it saves cycles.
        """
        banks = min(max(lanes, 1), MOST_BANKS)
        return cls(lanes=lanes, banks=banks, copies=-(-lanes // max(1, banks // 2)), multiplier=multiplier)

    def bank_of(self, lane: int) -> int:
        """Return the bank that a lane writes."""
        return lane % self.banks

    def copy_of(self, lane: int) -> int:
        """Return the copy of the banks that a lane reads."""
        return lane * self.copies // self.lanes


def check_network(network: IntNetwork, settings: FoldedSettings) -> None:
    """Raise CompileError, with the nearest setting that works, when the engine cannot hold the network."""
    for width in network.spec.widths:
        if width > MAX_WIDTH:
            raise CompileError(
                f"folded: a layer is {width} wide, allowed 1 to {MAX_WIDTH}; "
                f"prune or train it to at most {MAX_WIDTH} features, or use ENGINE=dense"
            )
    types = [("input", network.spec.input_type)]
    for layer in network.spec.layers:
        types.append((f"{layer.name}'s weight", layer.weight_type))
        types.append((f"{layer.name}'s output", layer.output_type))
    for what, kind in types:
        if not MIN_BITS <= kind.bits <= MAX_BITS:
            raise CompileError(
                f"folded: {what} type {kind.name} has {kind.bits} bits, allowed {MIN_BITS} to {MAX_BITS}; "
                f"quantize to {min(max(kind.bits, MIN_BITS), MAX_BITS)} bits"
            )
    if settings.lanes > max(1, network.nnz):
        raise CompileError(
            f"folded: {settings.lanes} lanes are more than the network's {network.nnz} nonzero weights; "
            f"the nearest that works: LANES={max(1, network.nnz)}"
        )
