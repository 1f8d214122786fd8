"""The folded engine, statically scheduled: a nonzero weight costs a lane's cycle, a zero nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ganglion.hw.engines.engine import Candidate
from ganglion.hw.engines.folded.columns.plan import ColumnPlan, plan_columns
from ganglion.hw.engines.folded.columns.schedule import schedule_columns
from ganglion.hw.engines.folded.fit import fit
from ganglion.hw.engines.folded.part import columns_on_part, on_part
from ganglion.hw.engines.folded.plan import FoldedPlan, plan
from ganglion.hw.engines.folded.settings import FoldedSettings
from ganglion.hw.engines.folded.shape import FoldedShape, Split
from ganglion.hw.engines.node import NodeEngine, is_last_worth_planning, worth_planning
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork

MOST_BY_ROWS = 1024
"""Widths up to which rows are dealt to the lanes, and activations copied for them."""
MOST_NEURONS = 1.5
"""Neurons for each product of a lane up to which columns are dealt: a neuron takes a cycle of all lanes."""


FEWER_LANES = (48, 32, 24, 16, 12, 8, 4, 2, 1)
"""What is tried where a board cannot hold the lanes that were asked for."""


class Folded(NodeEngine):
    """Cycles are about nonzero weights over lanes."""

    name = "folded"
    settings = FoldedSettings
    shape = FoldedShape
    usual = tuple(FoldedSettings(lanes=lanes) for lanes in (4, 8, 12, 16, 24, 32, 48, 64))
    compared = tuple(FoldedSettings(lanes=lanes) for lanes in (4, 8, 16, 32))
    varied = ("lanes",)

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield plans of more and more lanes, until more of them only take more or cannot fit."""
        for settings in worth_planning(self.usual, network):
            made = self._fitted(network, settings, board)
            yield self.planned_candidate(settings, made)
            if is_last_worth_planning(made, board, enough_cycles):
                return

    def plan(
        self, networks: Sequence[IntNetwork], settings: FoldedSettings, board: Board, taken: Resources
    ) -> tuple[FoldedPlan | ColumnPlan, ...]:
        """Return a plan a network, of the smallest engine that is about as fast as any of so many lanes."""
        plans = tuple(self._fitted(network, settings, board) for network in networks)
        for network, made in zip(networks, plans, strict=True):
            if not board.holds(made.resources + taken):
                remedy = self._remedy(network, settings, made, taken, board)
                board.require(made.resources + taken, _what(made), remedy)
        return plans

    def _remedy(
        self,
        network: IntNetwork,
        settings: FoldedSettings,
        made: FoldedPlan | ColumnPlan,
        taken: Resources,
        board: Board,
    ) -> str:
        """Return the nearest setting that works: the most lanes that fit, or fewer nonzeros where none do."""
        for lanes in (lanes for lanes in FEWER_LANES if lanes < made.shape.lanes):
            if board.holds(self._fitted(network, replace(settings, lanes=lanes), board).resources + taken):
                return f"set {spelled('lanes', lanes)} or take a larger board"
        left, need = board.budget - taken, made.resources
        if need.bram > left.bram:
            return f"prune to about {network.nnz * left.bram // need.bram} nonzeros or take a larger board"
        return "take a larger board"

    def _fitted(self, network: IntNetwork, settings: FoldedSettings, board: Board) -> FoldedPlan | ColumnPlan:
        """Return the plan by rows, or for wide layers by columns unless rows are faster."""
        if max(network.spec.widths) <= MOST_BY_ROWS:
            return self._by_rows(network, settings, board)
        columns = self._by_columns(network, settings, board)
        if sum(network.spec.widths[1:]) * settings.lanes <= MOST_NEURONS * network.nnz:
            return columns
        rows = self._by_rows(network, settings, board)
        return min(columns, rows, key=lambda plan: plan.program.n_cycles)

    def _by_rows(self, network: IntNetwork, settings: FoldedSettings, board: Board) -> FoldedPlan:
        family = board.family
        program = fit(
            network,
            settings.lanes,
            settings.multiplier,
            family.dsp_accumulates,
            _pipelining(settings, board),
        )
        made = FoldedPlan.of(program, family.dsp_accumulates)
        return replace(made, resources=on_part(program, made.resources, family))

    def _by_columns(self, network: IntNetwork, settings: FoldedSettings, board: Board) -> ColumnPlan:
        family = board.family
        shape = FoldedShape.columns(settings.lanes, settings.multiplier, _pipelining(settings, board))
        program = schedule_columns(network, shape)
        made = ColumnPlan.of(program, family.dsp_accumulates)
        return replace(made, resources=columns_on_part(program, made.resources, family))

    def plan_as(self, network: IntNetwork, shape: FoldedShape) -> FoldedPlan | ColumnPlan:
        """Return the plan of this shape."""
        if shape.split is Split.COLUMNS:
            return plan_columns(network, shape)
        return plan(network, shape)


def _pipelining(settings: FoldedSettings, board: Board) -> int:
    return board.family.pipelining if settings.pipelining is None else settings.pipelining


def _what(plan: FoldedPlan | ColumnPlan) -> str:
    return f"the folded engine, {plan.shape.lanes} lanes for {plan.network.nnz} nonzeros,"
