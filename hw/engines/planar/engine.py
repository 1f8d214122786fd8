"""The planar engine: convolutions, a nonzero weight broadcast to a grid of lanes in a cycle."""

from collections.abc import Iterator, Sequence

from ganglion.hw.engines.engine import Candidate
from ganglion.hw.engines.node import NodeEngine
from ganglion.hw.engines.planar.cost import on_part
from ganglion.hw.engines.planar.plan import PlanarPlan, plan
from ganglion.hw.engines.planar.settings import PlanarSettings
from ganglion.hw.engines.planar.shape import PlanarShape, find_shape, shapes
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork


class Planar(NodeEngine):
    """Cycles are about nonzero weights times the places in a lane's tile."""

    name = "planar"
    settings = PlanarSettings
    shape = PlanarShape
    kinds = frozenset({"conv2d", "max_pool2d"})
    adds_residuals = True
    reads_through_relu = True
    tail = "folded"
    keeps_frames = True
    takes_rest = True
    usual = (PlanarSettings(),)
    varied = "rows"

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield grids from the smallest: more lanes than the first that answers in time only take more."""
        for shape in reversed(tuple(shapes(network))):
            made = _planned(network, shape, board)
            yield self.planned_candidate(PlanarSettings(rows=shape.rows, columns=shape.columns), made)
            if made.latency_cycles <= enough_cycles and board.holds(made.resources):
                return

    def plan(
        self, networks: Sequence[IntNetwork], settings: PlanarSettings, board: Board, taken: Resources
    ) -> tuple[PlanarPlan, ...]:
        """Return a plan a network, of the grid asked for or the largest that fits."""
        plans = tuple(_fitted(network, settings, board, taken) for network in networks)
        for network, made in zip(networks, plans, strict=True):
            needed = made.resources + taken
            if not board.holds(needed):
                board.require(needed, _what(made), _remedy(network, board, taken))
        return plans

    def plan_as(self, network: IntNetwork, shape: PlanarShape) -> PlanarPlan:
        """Return the plan of this shape."""
        return plan(network, shape)


def _planned(network: IntNetwork, shape: PlanarShape, board: Board) -> PlanarPlan:
    made = plan(network, shape)
    return PlanarPlan(program=made.program, resources=on_part(made.program, board.family))


def _fitted(network: IntNetwork, settings: PlanarSettings, board: Board, taken: Resources) -> PlanarPlan:
    asked = _planned(network, find_shape(network, settings.rows, settings.columns), board)
    if settings.rows is None and settings.columns is None:
        plans = (_planned(network, shape, board) for shape in shapes(network))
        return next((made for made in plans if board.holds(made.resources + taken)), asked)
    return asked


def _what(plan: PlanarPlan) -> str:
    shape = plan.shape
    return f"the planar engine, {shape.rows} x {shape.columns} lanes for {plan.network.nnz} nonzeros,"


def _remedy(network: IntNetwork, board: Board, taken: Resources) -> str:
    """Return the nearest setting that works: the largest grid for which there is room."""
    for shape in shapes(network):
        if board.holds(_planned(network, shape, board).resources + taken):
            return f"set {spelled('rows', shape.rows)} {spelled('columns', shape.columns)}"
    return "prune further or take a larger board"
