"""The shape of engine for a network: banks, replicas and output words as few as keep the latency."""

from collections.abc import Iterator
from dataclasses import replace

from ganglion.hw.engines.folded.cost import estimate
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.folded.schedule import schedule, schedule_within
from ganglion.hw.engines.folded.shape import MAX_BANKS, FoldedShape, Multiplier
from ganglion.models.reference import IntNetwork

# The rule that the engine is built to: so much above nonzeros / lanes, beside the output's delay.
RULE_SHARE, RULE_CYCLES = 0.05, 4
# Where a smaller engine is within so much, it is taken; a cycle and the output's delay pass anyway.
CLOSE_SHARE, CLOSE_CYCLES = 0.02, 1


def allowed_cycles(network: IntNetwork, shape: FoldedShape) -> float:
    """Return the latency in cycles that the rule allows."""
    return (1 + RULE_SHARE) * network.nnz / shape.lanes + RULE_CYCLES + shape.output_delay


def fit(
    network: IntNetwork,
    lanes: int,
    multiplier: Multiplier = Multiplier.DSP,
    dsp_accumulates: bool = True,
    pipelining: int = 0,
) -> Program:
    """Return the program of the smallest engine found that is about as fast as any.

    Raises CompileError when the engine cannot hold or use the network.
    """
    fastest = _fastest(network, FoldedShape.of(lanes, multiplier, pipelining))
    close = int((1 + CLOSE_SHARE) * network.nnz / lanes + CLOSE_CYCLES + fastest.shape.output_delay)
    enough = max(close, fastest.latency_cycles)
    smaller = [schedule_within(network, shape, enough) for shape in _smaller(fastest.shape)]
    return min((fastest, *filter(None, smaller)), key=lambda program: estimate(program, dsp_accumulates).lut)


def _fastest(network: IntNetwork, first: FoldedShape) -> Program:
    """Return the first program within the rule, or else the shortest."""
    best: Program | None = None
    for shape in _faster_and_faster(network, first):
        program = schedule(network, shape)
        if best is None or program.n_cycles < best.n_cycles:
            best = program
        if best.latency_cycles <= allowed_cycles(network, first):
            break
    assert best is not None
    return best


def _faster_and_faster(network: IntNetwork, first: FoldedShape) -> Iterator[FoldedShape]:
    """Yield shapes with more outputs a word, where short output rows end too often, and wider input words."""
    lanes, (inputs, *_, outputs) = first.lanes, network.spec.widths
    rows_a_cycle = lanes * outputs / max(1, int((network.weights[-1] != 0).sum()))
    wide = [n for n in range(2, min(outputs, lanes) + 1) if outputs % n == 0 and n >= rows_a_cycle]
    banks = [first.banks]
    while banks[-1] < min(MAX_BANKS, inputs) and len(banks) < 3:
        banks.append(min(MAX_BANKS, 2 * banks[-1]))
    for count in banks:
        replicas = -(-lanes // max(1, count // 2))
        for out_values in (1, *wide[:3]):
            yield replace(first, banks=count, replicas=replicas, out_values=out_values)


def _smaller(shape: FoldedShape) -> Iterator[FoldedShape]:
    """Yield shapes with fewer memories, the smallest last."""
    banks, replicas = shape.banks, shape.replicas
    for count, of_each in ((banks, replicas // 2), (banks // 2, 2 * replicas), (banks // 2, replicas)):
        if count >= 4 and 1 <= of_each <= shape.lanes:
            yield replace(shape, banks=count, replicas=of_each)
