"""The adder graph: inputs, sums and clips; every signal has its exact range, so its minimal width.

Nearly all are unsigned. Subtraction is addition of the inverted bits, -v = (2**bits - 1 - v) - (2**bits - 1),
and its constant moves through the linear part of a layer into the bias. So no adder extends a sign, takes a
carry in, or cares which of its operands is subtracted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ganglion.hw.engines.unrolled.adder import AdderCells, Shapes, adder_cells
from ganglion.models.build.errors import CompileError
from ganglion.models.spec.types import IntType

MAX_OPERANDS = 3


def smallest_type(low: int, high: int) -> IntType:
    """Return the narrowest type that holds `low` to `high`; zero alone takes one bit."""
    signed = low < 0
    magnitude = max(high, -low - 1) if signed else high
    return IntType(bits=max(1, magnitude.bit_length() + signed), signed=signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A wire of the graph that takes values from `low` to `high`."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise CompileError(f"signal: range {self.low} to {self.high} is empty")

    @property
    def type(self) -> IntType:
        """The narrowest type of its range."""
        return smallest_type(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Signal):
    """Feature `feature` of the input vector, plus 2**(bits - 1) when signed: its top bit inverted."""

    feature: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Addend:
    """An unsigned signal, its `bits` bits inverted or not, at bit `shift` of a sum."""

    source: int
    bits: int
    shift: int
    inverted: bool

    def __post_init__(self) -> None:
        if self.shift < 0 or self.bits < 1:
            raise CompileError(
                f"addend: {self.bits} bits at bit {self.shift}: allowed from 1, at bit 0 or above"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Signal):
    """constant + the sum of one to three addends: one adder, ternary on parts that have ternary adders.

    Only what a clip reads may be negative.
    """

    addends: tuple[Addend, ...]
    constant: int = 0

    def __post_init__(self) -> None:
        Signal.__post_init__(self)
        if not self.addends or len(self.addends) + (self.constant != 0) > MAX_OPERANDS:
            raise CompileError(f"sum: {len(self.addends)} addends and constant {self.constant} make no adder")

    @property
    def shapes(self) -> Shapes:
        """Bits, shift and inversion of each addend."""
        return tuple((addend.bits, addend.shift, addend.inverted) for addend in self.addends)

    @property
    def cells(self) -> AdderCells:
        """What its adder takes of a 7-series part."""
        return adder_cells(self.shapes, self.constant, self.type.bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip(Signal):
    """clip(value of `source` >> shift, 0, 2**bits - 1); a negative shift goes to the left."""

    source: int
    shift: int
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Signal):
    """An output that cannot vary."""


Node: TypeAlias = Input | Sum | Clip | Constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The nodes of a layer's neurons, None for one that nobody reads; a neuron is its node minus `offset`."""

    name: str
    type: IntType
    neurons: tuple[int | None, ...]

    @property
    def offset(self) -> int:
        """What every node of the layer has too much: a signed type is carried with its top bit inverted."""
        return -self.type.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes in topological order, for inputs of `input_type` in vectors of `n_features`."""

    input_type: IntType
    n_features: int
    nodes: tuple[Node, ...]
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        for index, node in enumerate(self.nodes):
            if any(source >= index for source in sources(node)):
                raise CompileError(f"graph: node {index} reads a later one")
        if None in self.layers[-1].neurons:
            raise CompileError(f"graph: {self.layers[-1].name} lacks an output")

    @property
    def sums(self) -> Iterator[Sum]:
        """The adders."""
        return (node for node in self.nodes if isinstance(node, Sum))


def sources(node: Node) -> tuple[int, ...]:
    """Return the nodes that `node` reads."""
    if isinstance(node, Sum):
        return tuple(addend.source for addend in node.addends)
    return (node.source,) if isinstance(node, Clip) else ()
