"""The delta engine, event-driven: only what changed costs a lane's cycle, and only where a weight is left."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ganglion.hw.engines.delta.cost import on_part
from ganglion.hw.engines.delta.cycles import sequence_cycles
from ganglion.hw.engines.delta.plan import DeltaPlan, plan
from ganglion.hw.engines.delta.settings import DeltaSettings
from ganglion.hw.engines.delta.shape import DeltaShape, packs
from ganglion.hw.engines.engine import Candidate
from ganglion.hw.engines.node import NodeEngine, is_last_worth_planning, worth_planning
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork, Ints


class Delta(NodeEngine):
    """Cycles depend on what changed; the plan's are the most that a vector can take."""

    name = "delta"
    settings = DeltaSettings
    shape = DeltaShape
    keeps_state = True
    usual = tuple(DeltaSettings(lanes=lanes) for lanes in (4, 8, 12, 16, 24, 32, 48))
    compared = tuple(DeltaSettings(lanes=lanes) for lanes in (4, 8, 16))
    varied = ("lanes",)

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield plans of more and more lanes, until more of them only take more or cannot fit."""
        for settings in worth_planning(self.usual, network):
            try:
                made = self._planned(network, settings, board)
            except CompileError:
                return
            yield self.planned_candidate(settings, made)
            if is_last_worth_planning(made, board, enough_cycles):
                return

    def plan(
        self, networks: Sequence[IntNetwork], settings: DeltaSettings, board: Board, taken: Resources
    ) -> tuple[DeltaPlan, ...]:
        """Return a plan a network."""
        plans = tuple(self._planned(network, settings, board) for network in networks)
        for network, made in zip(networks, plans, strict=True):
            if not board.holds(made.resources + taken):
                remedy = self._remedy(network, settings, board, taken)
                board.require(made.resources + taken, _what(made), remedy)
        return plans

    def _remedy(self, network: IntNetwork, settings: DeltaSettings, board: Board, taken: Resources) -> str:
        """Return the nearest setting that works: as many lanes as there is room for."""
        for lanes in range(settings.lanes - 1, 0, -1):
            made = self._planned(network, replace(settings, lanes=lanes), board)
            if board.holds(made.resources + taken):
                return f"set {spelled('lanes', lanes)} or take a larger board"
        return "take a larger board"

    def _planned(self, network: IntNetwork, settings: DeltaSettings, board: Board) -> DeltaPlan:
        spec = network.spec
        weight = max((layer.weight_type for layer in spec.layers), key=lambda kind: kind.bits)
        bits = max(spec.input_type_of(index).bits for index in range(len(spec.layers)))
        shape = DeltaShape(
            lanes=settings.lanes,
            channels=min(settings.channels, 2 * settings.lanes),
            packed=packs(weight, bits, board.family.dsp_bits),
        )
        made = plan(network, shape)
        layout = made.memories.layout
        return replace(made, resources=on_part(made.program, layout, made.resources, board.family))

    def step_cycles(self, plan: DeltaPlan, inputs: Ints, starts: npt.NDArray[np.bool_]) -> Ints:
        """Return the exact cycles of steps, [n], as the RTL takes them; see `cycles`."""
        return sequence_cycles(plan.program, inputs, starts)

    def plan_as(self, network: IntNetwork, shape: DeltaShape) -> DeltaPlan:
        """Return the plan of this shape."""
        return plan(network, shape)


def _what(plan: DeltaPlan) -> str:
    return f"the delta engine, {plan.shape.lanes} lanes for {plan.network.nnz} nonzeros,"
