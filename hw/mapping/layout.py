"""How a network lies on the part: an engine and a padded size a layer, nodes planned, lanes agreed on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from ganglion.hw.engines.dense.folding import PAD_TO, Folding, fold, latency_cycles, total
from ganglion.hw.engines.folded.build import plan as plan_folded
from ganglion.hw.engines.folded.fit import fit
from ganglion.hw.engines.folded.settings import Multiplier
from ganglion.hw.engines.sparse_node import Plan, SparseNode
from ganglion.hw.engines.unrolled.build import plan as plan_unrolled
from ganglion.hw.engines.unrolled.build import require_hope
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.mapping.parts import Part, padded_widths, part_network, parts_of
from ganglion.hw.target.board import Board, Engine
from ganglion.hw.target.resources import NOTHING, Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.reference import IntNetwork

# Measured: the FIFO, and the converter if any, between two parts.
LINK_CYCLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What the sparse engines are built with."""

    lanes: int
    multiplier: Multiplier
    unrolled: UnrolledSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SparsePart:
    """A part and the node that it becomes."""

    part: Part
    node: SparseNode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """Cycles that a part takes for a vector, and of these those in which words come and go."""

    latency: int
    reading: int
    sending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the passes make of a network: sparse nodes, in order, and the dense layers' foldings, in order."""

    network: IntNetwork
    board: Board
    engines: tuple[Engine, ...]
    sparse: tuple[SparsePart, ...]
    foldings: tuple[Folding, ...]
    widths: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", padded_widths(self.network.spec, self.engines, PAD_TO))

    @property
    def resources(self) -> Resources:
        """What it takes of the part, estimated."""
        nodes = sum((sparse.node.resources for sparse in self.sparse), NOTHING)
        return nodes + total(self.foldings, self.board)

    @property
    def latency_cycles(self) -> int:
        """Predicted cycles from a vector's first word to its result; a part reads while another sends."""
        total, sending = 0, 0
        for part in parts_of(self.engines):
            times = self._times(part)
            total += times.latency
            if part.first:
                total += LINK_CYCLES + 1 - min(times.reading, sending)
            sending = times.sending
        return total

    def _times(self, part: Part) -> _Times:
        nodes = [sparse.node for sparse in self.sparse if sparse.part == part]
        if nodes:
            words = nodes[0].input.words, nodes[0].output.words
            return _Times(latency=nodes[0].latency_cycles, reading=words[0], sending=words[1])
        run = tuple(f for f in self.foldings if part.first <= f.shape.index < part.last)
        reading = run[0].shape.in_features // run[0].simd
        return _Times(latency=latency_cycles(run), reading=reading, sending=run[-1].cycles)

    @property
    def interval_cycles(self) -> int:
        """Predicted cycles from vector to vector: the slowest layer's or node's."""
        nodes = [sparse.node.interval_cycles for sparse in self.sparse]
        return max([*nodes, *(folding.cycles for folding in self.foldings)])

    def description(self) -> dict[str, Any]:
        """Return what hw.json says of the sparse nodes."""
        layers = self.network.spec.layers
        return {
            "parts": [
                {"engine": sparse.part.engine.value, "first": layers[sparse.part.first].name}
                | {"in_lanes": sparse.node.in_lanes, "out_lanes": sparse.node.out_lanes}
                | sparse.node.plan.details()
                for sparse in self.sparse
            ]
        }


def lay_out(network: IntNetwork, engines: Sequence[Engine], settings: EngineSettings, board: Board) -> Layout:
    """Return the layout for an engine a layer; CompileError, with what would work, when it does not fit."""
    parts = parts_of(engines)
    widths = padded_widths(network.spec, engines, PAD_TO)
    plans = {
        part.first: _planned(part_network(network, part, widths), part.engine, settings, board)
        for part in parts
        if part.engine is not Engine.DENSE
    }
    taken = sum((plan.resources for plan in plans.values()), NOTHING)
    if not board.holds(taken):
        raise CompileError(_over(taken, engines, board))
    dense = Engine.DENSE in engines
    foldings = fold(network, board, engines, taken) if dense else ()
    return Layout(
        network=network,
        board=board,
        engines=tuple(engines),
        sparse=tuple(_sparse_parts(parts, plans, foldings)),
        foldings=foldings,
    )


def _planned(network: IntNetwork, engine: Engine, settings: EngineSettings, board: Board) -> Plan:
    if engine is Engine.FOLDED:
        shape = fit(network, settings.lanes, settings.multiplier).settings
        # As the node will carry it, so that FINN's hooks ask for the same plan.
        folded = plan_folded(
            network, replace(shape, input_lanes=shape.lanes_of_input(network.spec.widths[0]))
        )
        folded.require_fit(board)
        return folded
    require_hope(network, settings.unrolled, board)
    unrolled = plan_unrolled(network, settings.unrolled)
    unrolled.require_fit(board)
    return unrolled


def _over(taken: Resources, engines: Sequence[Engine], board: Board) -> str:
    counts = ", ".join(
        f"{getattr(taken, kind):,} {kind.upper()} of {getattr(board.budget, kind):,}"
        for kind in ("lut", "ff", "dsp", "bram18")
        if getattr(taken, kind) > getattr(board.budget, kind)
    )
    names = ",".join(engine.value for engine in engines)
    return (
        f"ENGINE={names}: the sparse nodes take {counts} on {board.name}; use fewer LANES or a larger BOARD"
    )


def _sparse_parts(
    parts: Sequence[Part],
    plans: dict[int, Plan],
    foldings: Sequence[Folding],
) -> list[SparsePart]:
    """Return the sparse parts, each node's lanes matching those of its neighbours where they can."""
    folding_of = {folding.shape.index: folding for folding in foldings}
    made: list[SparsePart] = []
    source: int | None = None
    for part, following in pairwise([*parts, None]):
        assert part is not None
        plan = plans.get(part.first)
        if plan is None:
            source = folding_of[part.last - 1].requant_pe
            continue
        sink = None
        if following is not None:
            ahead = plans.get(following.first)
            sink = ahead.entry.lanes if ahead else folding_of[following.first].simd
        node = SparseNode.between(plan, source, sink)
        made.append(SparsePart(part=part, node=node))
        source = node.out_lanes
    return made
