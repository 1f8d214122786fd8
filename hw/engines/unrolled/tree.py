"""A sum of many shifted signals as a tree of adders: ternary ones where they are free, narrow ones first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ganglion.hw.engines.unrolled.adder import adder_cells
from ganglion.hw.engines.unrolled.graph import Addend, smallest_type

# Time is counted in half adders, so that a clip can take one.
ADDER_DELAY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetSignal:
    """The unsigned signal `node`, a value plus `offset`; its range, and when it is there, in half adders."""

    node: int
    low: int
    high: int
    offset: int
    ready: int
    bits: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", max(1, self.high.bit_length()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """The value of a signal times 2**shift, subtracted when `negative`."""

    signal: OffsetSignal
    shift: int
    negative: bool

    @property
    def order(self) -> tuple[int, int]:
        """Its lowest bit, then its highest: operands that lie alike are added first."""
        return self.shift, self.shift + self.signal.bits

    @property
    def offset(self) -> int:
        """What its addend has too much over its value."""
        offset = self.signal.offset
        return (((1 << self.signal.bits) - 1 - offset) if self.negative else offset) << self.shift

    @property
    def range(self) -> tuple[int, int]:
        """The range of its addend."""
        low, high = self.signal.low, self.signal.high
        if self.negative:
            full = (1 << self.signal.bits) - 1
            low, high = full - high, full - low
        return low << self.shift, high << self.shift

    def turned(self, shift: int, negative: bool) -> "Operand":
        """Return it times 2**shift, subtracted instead of added or the reverse when `negative`."""
        return Operand(signal=self.signal, shift=self.shift + shift, negative=self.negative ^ negative)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdderSpec:
    """An adder to be made: its operands at shift zero and above, and its constant."""

    operands: tuple[Operand, ...]
    constant: int
    ready: int

    @property
    def range(self) -> tuple[int, int]:
        """An outer bound of the sum's range: operands that share inputs cannot all be extreme at once."""
        low = high = self.constant
        for operand in self.operands:
            ends = operand.range
            low, high = low + ends[0], high + ends[1]
        return low, high

    @property
    def offset(self) -> int:
        """What the sum has too much."""
        return sum(operand.offset for operand in self.operands) + self.constant

    @property
    def addends(self) -> tuple[Addend, ...]:
        """The operands as the graph's addends."""
        return tuple(
            Addend(source=o.signal.node, bits=o.signal.bits, shift=o.shift, inverted=o.negative)
            for o in self.operands
        )

    def luts(self) -> int:
        """Return its LUTs."""
        shapes = tuple((o.signal.bits, o.shift, o.negative) for o in self.operands)
        return adder_cells(shapes, self.constant, smallest_type(*self.range).bits).luts

    def signal(self, node: int) -> OffsetSignal:
        """Return the signal that `node` is when the outer bound is its range."""
        low, high = self.range
        return OffsetSignal(node=node, low=low, high=high, offset=self.offset, ready=self.ready)


AddSum = Callable[[AdderSpec], OffsetSignal]


def add_up(operands: Sequence[Operand], target: int, n_inputs: int, add: AddSum) -> list[Operand]:
    """Return at most `target` operands of the same sum, level by level, the adders made by `add`.

    `n_inputs` is 3 for ternary adders, 2 for others. Each full adder takes away n_inputs - 1 operands; when
    that does not come out even, one adder is a small one, and the earlier it comes, the narrower it is.
    """
    pending = list(operands)
    spare = n_inputs == 3 and (len(pending) - target) % 2 == 1
    while len(pending) > target:
        pending.sort(key=lambda operand: (operand.signal.ready, operand.order))
        level = pending[min(len(pending), 2 if spare else n_inputs) - 1].signal.ready
        here = sorted((o for o in pending if o.signal.ready <= level), key=lambda operand: operand.order)
        later = [operand for operand in pending if operand.signal.ready > level]
        made: list[Operand] = []
        while (left := len(here) + len(made) + len(later) - target) > 0:
            size = n_inputs if len(here) >= n_inputs and left >= n_inputs - 1 else 2
            if len(here) < size or (size < n_inputs and not spare):
                break
            spare = spare and size == n_inputs
            made.append(_added(here[:size], add))
            here = here[size:]
        pending = here + made + later
    return pending


def tree_luts(operands: Sequence[Operand], constant: int, n_inputs: int) -> int:
    """Return the LUTs of the sum of `operands` and `constant`, whose last adder takes the constant."""
    luts = 0

    def count(adder: AdderSpec) -> OffsetSignal:
        nonlocal luts
        luts += adder.luts()
        return adder.signal(0)

    rest = add_up(operands, n_inputs - 1 if constant else 1, n_inputs, count)
    return luts + (adder_of(rest, constant).luts() if constant else 0)


def adder_of(operands: Sequence[Operand], constant: int) -> AdderSpec:
    """Return the adder of all `operands` and a constant."""
    ready = max(operand.signal.ready for operand in operands) + ADDER_DELAY
    return AdderSpec(operands=tuple(operands), constant=constant, ready=ready)


def _added(operands: Sequence[Operand], add: AddSum) -> Operand:
    """Return the operand worth the sum of one adder's operands, of the sign that takes fewer LUTs."""
    shift = min(operand.shift for operand in operands)
    adders = [adder_of([o.turned(-shift, negative) for o in operands], 0) for negative in (False, True)]
    negative = adders[1].luts() < adders[0].luts()
    return Operand(signal=add(adders[negative]), shift=shift, negative=negative)
