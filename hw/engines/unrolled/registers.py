"""What the registers between stages become in synthesis: flip-flops, equal ones merged, and shift registers.

A bit that an adder passes on unchanged is the same bit, and its delays are the same registers. Where nothing
reads a delay for three stages or more, yosys makes a shift register of it, one LUT.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import TypeAlias

from ganglion.hw.engines.unrolled.graph import Clip, Graph, Input, Node, Sum, sources
from ganglion.hw.engines.unrolled.schedule import Schedule

SHORTEST_SHIFT_REGISTER = 3

# A bit by the node that computes it and its position there; None is a constant.
Bit: TypeAlias = tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """Counts of flip-flops and of shift registers, a LUT each."""

    flip_flops: int
    shift_registers: int


def registers(graph: Graph, stages: Schedule) -> Registers:
    """Return what holds the bits from the stage that computes them to the stages that read them."""
    bits = _bits(graph)
    flip_flops = shift_registers = 0
    for bit, readers in _readers(graph, stages, bits).items():
        held = _held_before(graph.nodes[bit[0]], stages.stages[bit[0]])
        for stage in sorted(readers):
            delay = stage - held
            is_long = delay >= SHORTEST_SHIFT_REGISTER
            shift_registers += is_long
            flip_flops += 0 if is_long else max(0, delay)
            held = max(held, stage)
    return Registers(flip_flops=flip_flops, shift_registers=shift_registers)


def register_bits(graph: Graph, stages: Schedule) -> int:
    """Return the flip-flops where no LUT is a shift register."""
    readers = _readers(graph, stages, _bits(graph))
    delays = (
        max(read) - _held_before(graph.nodes[node], stages.stages[node])
        for (node, _), read in readers.items()
    )
    return sum(delay for delay in delays if delay > 0)


def _held_before(node: Node, stage: int) -> int:
    """Return the last stage that needs no register of a node's bits: inputs are registered for the first."""
    return stage - 1 if isinstance(node, Input) else stage


def _bits(graph: Graph) -> list[list[Bit]]:
    """Return for every node its bits, those that it only passes on as the bits that they are."""
    bits: list[list[Bit]] = []
    for index, node in enumerate(graph.nodes):
        own: list[Bit] = [(index, position) for position in range(node.type.bits)]
        if isinstance(node, Sum):
            passed = _passed(index, node, bits)
            own[: len(passed)] = passed
        bits.append(own)
    return bits


def _passed(index: int, node: Sum, bits: list[list[Bit]]) -> list[Bit]:
    """Return a sum's bits below the first position at which two meet; an inverted one is a bit of its own."""
    one, two = 0, 0
    for addend in node.addends:
        here = ((1 << addend.bits) - 1) << addend.shift
        one, two = one | here, two | (one & here)
    two |= one & node.constant
    below = min(node.type.bits, (two & -two).bit_length() - 1 if two else node.type.bits)
    passed: list[Bit] = [(index, position) if one >> position & 1 else None for position in range(below)]
    for addend in node.addends:
        if not addend.inverted:
            positions = slice(addend.shift, max(addend.shift, min(below, addend.shift + addend.bits)))
            passed[positions] = bits[addend.source][: positions.stop - positions.start]
    return passed


def _readers(graph: Graph, stages: Schedule, bits: list[list[Bit]]) -> dict[tuple[int, int], set[int]]:
    """Return for every bit that is read the stages that read it; outputs are read in the last."""
    readers: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    reads = [
        (bit, stages.stages[index])
        for index, node in enumerate(graph.nodes)
        for source in sources(node)
        for bit in bits[source][max(0, node.shift) if isinstance(node, Clip) else 0 :]
    ]
    outputs = [node for node in graph.layers[-1].neurons if node is not None]
    reads += [(bit, stages.n_stages - 1) for node in outputs for bit in bits[node]]
    for bit, stage in reads:
        if bit is not None:
            readers[bit].add(stage)
    return readers
