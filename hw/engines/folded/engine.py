"""The folded engine, statically scheduled: a nonzero weight costs a lane's cycle, a zero nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ganglion.hw.engines.engine import Candidate
from ganglion.hw.engines.folded.fit import fit
from ganglion.hw.engines.folded.part import on_part
from ganglion.hw.engines.folded.plan import FoldedPlan, plan
from ganglion.hw.engines.folded.settings import FoldedSettings
from ganglion.hw.engines.folded.shape import FoldedShape
from ganglion.hw.engines.node import NodeEngine
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork


class Folded(NodeEngine):
    """Cycles are about nonzero weights over lanes."""

    name = "folded"
    settings = FoldedSettings
    shape = FoldedShape
    usual = tuple(FoldedSettings(lanes=lanes) for lanes in (4, 8, 12, 16, 24, 32, 48, 64))
    compared = tuple(FoldedSettings(lanes=lanes) for lanes in (4, 8, 16, 32))
    varied = "lanes"

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield plans of more and more lanes: more than the first that answers in time only take more."""
        for settings in self.usual:
            if settings.lanes > network.nnz:
                return
            made = self._fitted(network, settings, board)
            yield Candidate(
                engine=self.name,
                settings=settings,
                varied=self.varied,
                latency_cycles=made.latency_cycles,
                interval_cycles=made.program.n_cycles,
                resources=made.resources,
                plan=made,
            )
            if made.latency_cycles <= enough_cycles and board.holds(made.resources):
                return

    def plan(
        self, networks: Sequence[IntNetwork], settings: FoldedSettings, board: Board, taken: Resources
    ) -> tuple[FoldedPlan, ...]:
        """Return a plan a network, of the smallest engine that is about as fast as any of so many lanes."""
        plans = tuple(self._fitted(network, settings, board) for network in networks)
        for made in plans:
            board.require(made.resources + taken, _what(made), _remedy(made, taken, board))
        return plans

    def _fitted(self, network: IntNetwork, settings: FoldedSettings, board: Board) -> FoldedPlan:
        family = board.family
        pipelining = family.pipelining if settings.pipelining is None else settings.pipelining
        program = fit(network, settings.lanes, settings.multiplier, family.dsp_accumulates, pipelining)
        made = FoldedPlan.of(program, family.dsp_accumulates)
        return replace(made, resources=on_part(program, made.resources, family))

    def plan_as(self, network: IntNetwork, shape: FoldedShape) -> FoldedPlan:
        """Return the plan of this shape."""
        return plan(network, shape)


def _what(plan: FoldedPlan) -> str:
    return f"the folded engine, {plan.shape.lanes} lanes for {plan.network.nnz} nonzeros,"


def _remedy(plan: FoldedPlan, taken: Resources, board: Board) -> str:
    """Return the nearest setting that works: fewer lanes, or where memories are short fewer nonzeros."""
    left, need = board.budget - taken, plan.resources
    fewer = min(
        plan.shape.lanes * getattr(left, kind) // max(1, getattr(need, kind)) for kind in ("lut", "ff", "dsp")
    )
    if need.bram > left.bram:
        return f"prune to about {plan.network.nnz * left.bram // need.bram} nonzeros or take a larger board"
    return f"set {spelled('lanes', max(1, fewer))} or take a larger board"
