"""Which shared sums pay: a sum costs an adder, a ternary adder takes one operand more for half of that."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ganglion.hw.engines.unrolled.cmvm import SharedPairs, Term
from ganglion.hw.engines.unrolled.tree import OffsetSignal, Operand, adder_of, tree_luts

# Stands for a row's constant, which is not known before the signs of the adders below are chosen.
ROW_CONSTANT = 0x5555


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSums:
    """Sums of any number of terms: sources below `n_inputs` are inputs, those above are `sums` in order."""

    n_inputs: int
    sums: tuple[tuple[Term, ...], ...]
    rows: tuple[tuple[Term, ...], ...]


def merge_pairs(pairs: SharedPairs, inputs: Sequence[OffsetSignal], adder_inputs: int) -> SharedSums:
    """Return `pairs` with every adder merged into its readers where that saves LUTs."""
    merger = _Merger(pairs=pairs, inputs=inputs, adder_inputs=adder_inputs)
    merger.settle()
    return merger.result()


class _Merger:
    """The decision in progress: `bodies` is what each remaining pair, and each row, sums up."""

    def __init__(self, pairs: SharedPairs, inputs: Sequence[OffsetSignal], adder_inputs: int) -> None:
        self.pairs, self.adder_inputs, self.n_inputs = pairs, adder_inputs, pairs.n_inputs
        self.bodies: dict[int, tuple[Term, ...]] = {
            self.n_inputs + index: merged((pair.left, pair.right)) for index, pair in enumerate(pairs.pairs)
        }
        self.first_row = self.n_inputs + len(pairs.pairs)
        self.bodies |= {self.first_row + index: (row,) for index, row in enumerate(pairs.rows)}
        self.signals = dict(enumerate(inputs))
        for source in range(self.n_inputs, self.first_row):
            self.signals[source] = adder_of(self._operands(self.bodies[source]), 0).signal(source)
        self.readers: dict[int, set[int]] = {source: set() for source in range(self.first_row)}
        for reader, body in self.bodies.items():
            for term in body:
                self.readers[term.source].add(reader)
        self.costs = {reader: self._cost(reader, body) for reader, body in self.bodies.items()}

    def settle(self) -> None:
        """Merge sums into their readers until nothing is saved any more."""
        changed = True
        while changed:
            changed = False
            for source in sorted(self.bodies, key=lambda source: len(self.readers.get(source, ()))):
                if source < self.first_row and self._merge(source):
                    changed = True

    def result(self) -> SharedSums:
        """Return what is left, renumbered."""
        kept = sorted(source for source in self.bodies if source < self.first_row)
        number = {source: source for source in range(self.n_inputs)}
        number |= {source: self.n_inputs + index for index, source in enumerate(kept)}
        bodies = {
            reader: tuple(Term(source=number[t.source], shift=t.shift, negative=t.negative) for t in body)
            for reader, body in self.bodies.items()
        }
        rows = tuple(bodies[self.first_row + index] for index in range(len(self.pairs.rows)))
        return SharedSums(n_inputs=self.n_inputs, sums=tuple(bodies[source] for source in kept), rows=rows)

    def _merge(self, source: int) -> bool:
        """Write the body of `source` into its readers if that costs no more; return whether it was done."""
        readers, body = self.readers[source], self.bodies[source]
        bodies = {reader: merged(_substituted(self.bodies[reader], source, body)) for reader in readers}
        costs = {reader: self._cost(reader, new) for reader, new in bodies.items()}
        saved = self.costs[source] + sum(self.costs[reader] - cost for reader, cost in costs.items())
        if saved < 0:
            return False
        for reader, new in bodies.items():
            self.bodies[reader], self.costs[reader] = new, costs[reader]
            for term in new:
                self.readers[term.source].add(reader)
        for term in body:
            self.readers[term.source].discard(source)
        del self.bodies[source], self.readers[source], self.costs[source]
        return True

    def _cost(self, reader: int, body: tuple[Term, ...]) -> int:
        constant = ROW_CONSTANT if reader >= self.first_row else 0
        return tree_luts(self._operands(body), constant, self.adder_inputs)

    def _operands(self, body: tuple[Term, ...]) -> list[Operand]:
        return [Operand(signal=self.signals[t.source], shift=t.shift, negative=t.negative) for t in body]


def merged(body: Iterable[Term]) -> tuple[Term, ...]:
    """Return the same sum with one term of a source and shift: equal ones double, opposite ones vanish."""
    counts: Counter[tuple[int, int]] = Counter()
    for term in body:
        counts[term.source, term.shift] += -1 if term.negative else 1
    while doubled := [key for key, count in counts.items() if abs(count) > 1]:
        for source, shift in doubled:
            count = counts[source, shift]
            counts[source, shift] = count % 2 * (1 if count > 0 else -1)
            counts[source, shift + 1] += (abs(count) // 2) * (1 if count > 0 else -1)
    return tuple(
        Term(source=source, shift=shift, negative=count < 0)
        for (source, shift), count in counts.items()
        if count
    )


def _substituted(body: tuple[Term, ...], source: int, replacement: tuple[Term, ...]) -> Iterable[Term]:
    for term in body:
        if term.source != source:
            yield term
            continue
        for inner in replacement:
            yield inner.scaled(term.shift, term.negative)
