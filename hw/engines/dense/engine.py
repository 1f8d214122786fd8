"""The dense engine: FINN's matrix-vector units, for which every weight costs time, zeros too."""

from collections.abc import Iterator, Sequence

from ganglion.hw.engines.dense.folding import fold
from ganglion.hw.engines.dense.plan import DensePlan
from ganglion.hw.engines.dense.shape import dense_shapes, without_rtl
from ganglion.hw.engines.engine import Candidate, Engine, EngineSettings
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import NOTHING, Resources
from ganglion.models.build.errors import CompileError
from ganglion.models.layers import Layer
from ganglion.models.reference import IntNetwork

MAX_QUANT_BITS = 8


class Dense(Engine):
    """The baseline. It grows into what other engines leave of the part."""

    name = "dense"
    kinds = frozenset({"dense", "conv2d"})
    pad_to = 8
    takes_rest = True
    behavioural = (
        "mvu.sv: under Verilator the DSP slices are FINN's behavioural model; synthesis instantiates DSP48",
    )

    def refusal(self, layer: Layer) -> str | None:
        """Return the operator of a layer for which FINN has no RTL, or bits that it streamlines not."""
        if (bits := layer.output_type.bits) > MAX_QUANT_BITS:
            return f"{layer.name}: FINN streamlines outputs of up to {MAX_QUANT_BITS} bits, and it has {bits}"
        operator = without_rtl(layer)
        return operator and f"{layer.name}: {operator} has no RTL in FINN, only HLS"

    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield the fastest folding that fits, where one does; it has no settings."""
        try:
            (plan,) = self.plan([network], self.settings(), board, NOTHING)
        except CompileError:
            return
        yield Candidate(
            engine=self.name,
            settings=self.settings(),
            latency_cycles=plan.latency_cycles,
            interval_cycles=plan.interval_cycles,
            resources=plan.resources,
            plan=plan,
        )

    def plan(
        self, networks: Sequence[IntNetwork], settings: EngineSettings, board: Board, taken: Resources
    ) -> tuple[DensePlan, ...]:
        """Return a plan a network, all layers of all networks folded together."""
        shapes = [dense_shapes(network) for network in networks]
        foldings = iter(fold([shape for run in shapes for shape in run], board, taken))
        return tuple(
            DensePlan(network=network, foldings=tuple(next(foldings) for _ in run), board=board)
            for network, run in zip(networks, shapes, strict=True)
        )

    def block(self, plan: DensePlan, source_values: int | None, sink_values: int | None) -> DensePlan:
        """Return the plan itself: FINN's converters stand between it and its neighbours."""
        return plan
