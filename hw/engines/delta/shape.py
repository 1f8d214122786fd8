"""How a delta engine is built: lanes, channels, and whether a multiplier makes two products."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.engines.check import check_lanes, check_types, check_widths
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.layers import Dense
from ganglion.models.reference import IntNetwork
from ganglion.models.spec.types import IntType

MAX_LANES = 64
MAX_CHANNELS = 8
UNITS_OF_LANE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaShape:
    """The shape of an engine.

    A lane multiplies a difference by a pair of weights, one for each of its two units, which hold the
    neurons. Unit u sends its events by channel u mod `channels`, an event a cycle; a word of the input stream
    carries a value for each channel. With `packed` one multiplier makes both products of a pair.
    """

    __pydantic_config__: ClassVar = STRICT

    lanes: int
    channels: int = 4
    packed: bool = True

    def __post_init__(self) -> None:
        for name, high in (("lanes", MAX_LANES), ("channels", min(MAX_CHANNELS, self.units))):
            if not 1 <= getattr(self, name) <= high:
                nearest = min(max(1, getattr(self, name)), high)
                raise CompileError(
                    f"delta: {name} = {getattr(self, name)} is outside 1 to {high}; "
                    f"the nearest that works: {spelled(name, nearest)}"
                )

    @property
    def units(self) -> int:
        """Halves of lanes; lane p has the units 2 p and 2 p + 1."""
        return UNITS_OF_LANE * self.lanes

    @property
    def slots(self) -> int:
        """Units of the channel that has most."""
        return -(-self.units // self.channels)

    def units_of(self, channel: int) -> range:
        """Return the units that send by a channel."""
        return range(channel, self.units, self.channels)

    def word_values_of(self, features: int) -> int:
        """Return the values in a word of the input stream."""
        return min(self.channels, features)


def packs(weight: IntType, activation_bits: int, multiplier_bits: int) -> bool:
    """Return whether one multiplier makes two products of a difference.

    The pair high << s | low, with s the bits of a product, is one operand of the widest port; the other has
    a bit more than an activation.
    """
    return 2 * weight.bits + activation_bits <= multiplier_bits


def check_network(network: IntNetwork, shape: DeltaShape) -> None:
    """Raise CompileError, with the nearest setting that works, when the engine cannot hold the network."""
    spec = network.spec
    for index, layer in enumerate(spec.layers):
        if not isinstance(layer, Dense) or layer.residual is not None or spec.source(index) != index:
            is_dense = isinstance(layer, Dense)
            what = "reads more than the layer before" if is_dense else f"is of kind {layer.kind!r}"
            raise CompileError(
                f"delta: {layer.name} {what}; allowed are dense layers, each of which reads the one before; "
                f"train a network of these"
            )
    check_widths("delta", network)
    check_types("delta", network)
    check_lanes("delta", network, shape.lanes)
