"""The planar engine: convolutions, a nonzero weight broadcast to a grid of lanes in a cycle."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields

from ganglion.hw.engines.engine import Candidate
from ganglion.hw.engines.node import NodeEngine
from ganglion.hw.engines.planar.cost import on_part
from ganglion.hw.engines.planar.plan import PlanarPlan, plan
from ganglion.hw.engines.planar.settings import PlanarSettings
from ganglion.hw.engines.planar.shape import PlanarShape, find_shapes
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork

PACKED_BITS = 25
"""Of an operand with two values in it."""


class Planar(NodeEngine):
    """Cycles are about nonzero weights times the places in a lane's tile, over the weight streams."""

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
    varied = ("rows", "streams", "packing")

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield shapes from the slowest: those faster than the first that answers in time only take more."""
        for shape in reversed(_shapes(network, PlanarSettings(), board)):
            made = _planned(network, shape, board)
            settings = PlanarSettings(
                rows=shape.rows, columns=shape.columns, streams=shape.streams, packing=shape.packing
            )
            yield self.planned_candidate(settings, made)
            if made.latency_cycles <= enough_cycles and board.holds(made.resources):
                return

    def plan(
        self, networks: Sequence[IntNetwork], settings: PlanarSettings, board: Board, taken: Resources
    ) -> tuple[PlanarPlan, ...]:
        """Return a plan a network, of the shape asked for or the fastest that fits."""
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


def _shapes(network: IntNetwork, settings: PlanarSettings, board: Board) -> tuple[PlanarShape, ...]:
    """Return the shapes as asked for, the fastest first; CompileError where a DSP is too narrow for two."""
    rows, columns, streams, packing = astuple(settings)
    has_room = board.family.dsp_bits >= PACKED_BITS
    if packing not in (None, 1) and not has_room:
        raise CompileError(
            f"planar: {spelled('packing', packing)} takes a multiplier of {PACKED_BITS} bits, but a DSP of "
            f"{board.name} has {board.family.dsp_bits}; set {spelled('packing', 1)}"
        )
    return find_shapes(network, rows, columns, streams, packing if has_room else 1)


def _fitted(network: IntNetwork, settings: PlanarSettings, board: Board, taken: Resources) -> PlanarPlan:
    """Return the fastest plan as asked for that fits; where none does, the last one."""
    made = None
    for shape in _shapes(network, settings, board):
        made = _planned(network, shape, board)
        if board.holds(made.resources + taken):
            return made
    assert made is not None
    return made


def _what(plan: PlanarPlan) -> str:
    shape = plan.shape
    grids = "" if shape.streams == 1 else f"{shape.streams} times "
    return f"the planar engine, {grids}{shape.rows} x {shape.columns} lanes for {plan.network.nnz} nonzeros,"


def _remedy(network: IntNetwork, board: Board, taken: Resources) -> str:
    """Return the nearest setting that works: the fastest shape for which there is room."""
    for shape in _shapes(network, PlanarSettings(), board):
        if board.holds(_planned(network, shape, board).resources + taken):
            names = [each.name for each in fields(PlanarSettings)]
            return "set " + " ".join(spelled(name, getattr(shape, name)) for name in names)
    return "prune further or take a larger board"
