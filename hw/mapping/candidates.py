"""What each engine, with the tail's where it leaves layers to it, would take and how fast it would be."""

from collections.abc import Iterator
from dataclasses import replace

from ganglion.hw.engines.engine import Candidate, Engine
from ganglion.hw.engines.registry import engines, find_engine, require_able
from ganglion.hw.mapping.layout import LINK_CYCLES
from ganglion.hw.mapping.segments import engine_of_each, padded, segments_of
from ganglion.hw.target.board import Board
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork

TAIL_SHARE = 3
"""A tail that takes one of so many cycles of the engine before it is fast enough."""


def all_candidates(network: IntNetwork, board: Board, enough_cycles: float) -> tuple[Candidate, ...]:
    """Return those of every engine that can compute the network; CompileError says why if none can."""
    found: list[Candidate] = []
    refusals: list[tuple[int, CompileError]] = []
    for engine in engines():
        try:
            found += candidates_of(engine, network, board, enough_cycles)
        except CompileError as error:
            refusals.append((engine.n_first(network.spec.layers), error))
    if not found and refusals:
        raise max(refusals, key=lambda each: each[0])[1]  # of those that compute most, the first
    return tuple(found)


def candidates_of(
    engine: Engine, network: IntNetwork, board: Board, enough_cycles: float = 0.0
) -> tuple[Candidate, ...]:
    """Return those of one engine, and its tail, from the smallest; CompileError where it cannot compute."""
    chosen = engine_of_each([engine], network.spec)
    require_able(network, chosen)
    return tuple(_candidates(engine, padded(network, chosen), chosen, board, enough_cycles))


def _candidates(
    engine: Engine, network: IntNetwork, chosen: tuple[Engine, ...], board: Board, enough_cycles: float
) -> Iterator[Candidate]:
    segments = segments_of(network, chosen)
    fronts = engine.candidates(segments[0].network, board, enough_cycles)
    if len(segments) == 1:
        yield from fronts
        return
    assert engine.tail is not None
    known = list(fronts)
    if known:
        fastest = min(each.latency_cycles for each in known)
        enough = max(enough_cycles - fastest, fastest / TAIL_SHARE)
        tails = list(find_engine(engine.tail).candidates(segments[1].network, board, enough))
        yield from (_joined(front, tail) for front in known for tail in tails)


def _joined(front: Candidate, tail: Candidate) -> Candidate:
    """Return both as one: the tail reads while the front sends."""
    overlap = 0
    if front.plan is not None and tail.plan is not None:
        overlap = min(tail.plan.entry.words, front.plan.egress.words)
    return replace(
        front,
        latency_cycles=front.latency_cycles + LINK_CYCLES + 1 + tail.latency_cycles - overlap,
        interval_cycles=max(front.interval_cycles, tail.interval_cycles),
        resources=front.resources + tail.resources,
        tail=tail,
    )
