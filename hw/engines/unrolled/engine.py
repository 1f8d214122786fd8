"""The unrolled engine: every nonzero weight its own constant multiplier in one graph of shared adders."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ganglion.hw.engines.engine import Candidate
from ganglion.hw.engines.node import NodeEngine
from ganglion.hw.engines.unrolled.cost import on_part
from ganglion.hw.engines.unrolled.csd import check_csd_digits
from ganglion.hw.engines.unrolled.plan import UnrolledPlan, plan
from ganglion.hw.engines.unrolled.predict import predict
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.spelling import spelled
from ganglion.models.reference import IntNetwork

# Of a prediction: what certainly will be needed.
CERTAIN_SHARE = 0.6


class Unrolled(NodeEngine):
    """One vector a clock; its area grows with the signed digits of the weights."""

    name = "unrolled"
    settings = UnrolledSettings
    shape = UnrolledShape
    usual = tuple(UnrolledSettings(adders_per_stage=count) for count in (1, 2, 4))
    varied = ("adders_per_stage",)
    behavioural = (
        "ganglion_add3.sv, ganglion_clip.sv: simulation runs the sum and the clip themselves; "
        "synthesis instantiates LUT6_2 and CARRY4, proven equivalent by a test",
    )

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield all, by prediction: a plan takes minutes."""
        for settings in self.usual:
            yield self.candidate(network, settings, board)

    def candidate(self, network: IntNetwork, settings: UnrolledSettings, board: Board) -> Candidate:
        """Return the prediction for these settings."""
        shape = _shape(settings, board)
        promised = predict(network, shape)
        resources = promised.resources
        if not shape.xc7:
            resources = on_part(resources, board.family, network.spec, promised.latency_cycles - 1)
        return Candidate(
            engine=self.name,
            settings=settings,
            varied=self.varied,
            latency_cycles=promised.latency_cycles,
            interval_cycles=1,
            resources=resources,
        )

    def plan(
        self, networks: Sequence[IntNetwork], settings: UnrolledSettings, board: Board, taken: Resources
    ) -> tuple[UnrolledPlan, ...]:
        """Return a plan a network, refused when a weight has too many digits or the board is too small."""
        plans: list[UnrolledPlan] = []
        for network in networks:
            check_csd_digits(network, settings.csd_digits)
            self.refuse_infeasible(network, settings, board)
            plans.append(_planned(network, _shape(settings, board), board))
        _require(sum((each.resources for each in plans), taken), board)
        return tuple(plans)

    def refuse_infeasible(self, network: IntNetwork, settings: UnrolledSettings, board: Board) -> None:
        """Raise CompileError when the prediction is far over the board's budget: solving would take hours."""
        promised = self.candidate(network, settings, board).resources
        lut, ff = (round(count * CERTAIN_SHARE) for count in (promised.lut, promised.ff))
        _require(Resources(lut=lut, ff=ff, dsp=0, bram=0), board)

    def plan_as(self, network: IntNetwork, shape: UnrolledShape) -> UnrolledPlan:
        """Return the plan of this shape."""
        return plan(network, shape)


def _planned(network: IntNetwork, shape: UnrolledShape, board: Board) -> UnrolledPlan:
    """Return the plan with what it takes of the board's part."""
    made = plan(network, shape)
    if shape.xc7:
        return made
    resources = on_part(made.resources, board.family, network.spec, made.schedule.n_stages)
    return replace(made, resources=resources)


def _shape(settings: UnrolledSettings, board: Board) -> UnrolledShape:
    pipelining = board.family.pipelining if settings.pipelining is None else settings.pipelining
    return UnrolledShape(
        adders_per_stage=settings.adders_per_stage or (1 if pipelining else 2),
        adder_inputs=board.family.adder_inputs,
        primitives=board.family.primitives,
        pipelining=pipelining,
    )


def _require(needed: Resources, board: Board) -> None:
    cure = "prune further, train with weights of fewer signed digits"
    if needed.ff > board.budget.ff and needed.lut <= board.budget.lut:
        cure = f"raise {spelled('adders_per_stage')} for fewer registers"
    board.require(
        needed, "the unrolled engine", f"{cure}, take {spelled('engine', 'folded')} or a larger board"
    )
