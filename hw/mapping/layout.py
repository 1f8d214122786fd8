"""How a network lies on a part: a segment a run of layers, each planned by its engine, streams agreed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ganglion.hw.design.design import Estimate
from ganglion.hw.engines.dense.cost import Folding
from ganglion.hw.engines.dense.plan import DensePlan
from ganglion.hw.engines.engine import Block, Engine, EngineSettings, Plan
from ganglion.hw.engines.node import EngineNode
from ganglion.hw.engines.registry import require_able
from ganglion.hw.mapping.segments import Segment, padded, segments_of
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import NOTHING, Resources
from ganglion.models.reference import IntNetwork

# Measured: the FIFO, and the converter if any, between two segments.
LINK_CYCLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A segment and the hardware that it becomes."""

    segment: Segment
    block: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the passes make of a network, which is padded to the widths that its engines want."""

    network: IntNetwork
    board: Board
    placed: tuple[Placed, ...]

    @property
    def nodes(self) -> tuple[EngineNode, ...]:
        """The segments that become one node each, in order."""
        return tuple(each.block for each in self.placed if isinstance(each.block, EngineNode))

    @property
    def foldings(self) -> tuple[Folding, ...]:
        """The layers of the other segments, which are FINN's own nodes, in order."""
        plans = [each.block for each in self.placed if isinstance(each.block, DensePlan)]
        return tuple(folding for plan in plans for folding in plan.foldings)

    @property
    def resources(self) -> Resources:
        """What it takes of the part, estimated."""
        return sum((each.block.resources for each in self.placed), NOTHING)

    @property
    def latency_cycles(self) -> int:
        """Predicted cycles from a vector's first word to its result; a segment reads while another sends."""
        total, sending = 0, 0
        for each in self.placed:
            total += each.block.latency_cycles
            if each.segment.first:
                total += LINK_CYCLES + 1 - min(each.block.input.words, sending)
            sending = each.block.sending_cycles
        return total

    @property
    def estimate(self) -> Estimate:
        """What is predicted; the interval is that of the slowest segment."""
        return Estimate(
            resources=self.resources,
            latency_cycles=self.latency_cycles,
            interval_cycles=max(each.block.interval_cycles for each in self.placed),
        )


def lay_out(
    network: IntNetwork,
    engines: Sequence[Engine],
    settings: Mapping[str, EngineSettings],
    board: Board,
    plans: Mapping[int, Plan] | None = None,
) -> Layout:
    """Return the layout for an engine a layer; CompileError, with what would work, when it cannot be.

    settings: by the engine's name. plans: of all segments, by their first layers, where they are made.
    Raises MismatchError when a plan computes another integer, which is a mistake of its engine.
    """
    require_able(network, engines)
    network = padded(network, engines)
    segments = segments_of(network, engines)
    plans = plans or _planned(segments, settings, board)
    for each in plans.values():
        each.verify()
    taken = sum((each.resources for each in plans.values()), NOTHING)
    names = ", ".join(dict.fromkeys(engine.name for engine in engines))
    board.require(taken, names, "prune further or take a larger board")
    return Layout(network=network, board=board, placed=_placed(segments, plans))


def _planned(
    segments: Sequence[Segment], settings: Mapping[str, EngineSettings], board: Board
) -> dict[int, Plan]:
    """Return the plans by their segments' first layers, those of engines that take the rest made last."""
    plans: dict[int, Plan] = {}
    ordered = sorted(segments, key=lambda each: (each.engine.takes_rest, each.engine.name))
    for engine, group in groupby(ordered, key=lambda each: each.engine):
        own = list(group)
        taken = sum((each.resources for each in plans.values()), NOTHING)
        made = engine.plan([each.network for each in own], settings[engine.name], board, taken)
        plans |= {each.first: plan for each, plan in zip(own, made, strict=True)}
    return plans


def _placed(segments: Sequence[Segment], plans: Mapping[int, Plan]) -> tuple[Placed, ...]:
    """Return the segments' hardware, the values in a word matching those of the neighbours where they can."""
    placed: list[Placed] = []
    for segment in segments:
        following = plans.get(segment.last)
        block = segment.engine.block(
            plans[segment.first],
            placed[-1].block.output.word_values if placed else None,
            following.entry.word_values if following else None,
        )
        placed.append(Placed(segment=segment, block=block))
    return tuple(placed)
