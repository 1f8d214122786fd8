"""The unrolled engine's compiler: layers and settings become a checked graph, and that a node's files."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ganglion.hw.codegen.node_module import stream
from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.engines.remember import remembered
from ganglion.hw.engines.sparse_node import RTL, EngineParts
from ganglion.hw.engines.unrolled.cost import Cost, cost
from ganglion.hw.engines.unrolled.csd import check_csd_digits
from ganglion.hw.engines.unrolled.emit import CoreWriter
from ganglion.hw.engines.unrolled.graph import Graph
from ganglion.hw.engines.unrolled.interpret import interpret
from ganglion.hw.engines.unrolled.lower import lower
from ganglion.hw.engines.unrolled.pipeline import core_name, engine_lines
from ganglion.hw.engines.unrolled.predict import predict
from ganglion.hw.engines.unrolled.schedule import Schedule, schedule
from ganglion.hw.engines.unrolled.settings import UnrolledSettings
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import CompileError, MismatchError
from ganglion.models.reference import IntNetwork, Ints

MODULES = (
    "ganglion_add3_xc7",
    "ganglion_add3",
    "ganglion_clip_xc7",
    "ganglion_clip",
    "ganglion_output_fifo",
    "ganglion_pipeline_stream",
)
BEHAVIOURAL = (
    "ganglion_add3.sv, ganglion_clip.sv: simulation runs the sum and the clip themselves; "
    "synthesis for 7-series instantiates LUT6_2 and CARRY4, proven equivalent by a test",
)
# Of a prediction: what certainly will be needed.
HOPEFUL_SHARE = 0.6
# Vectors by which a graph is held against the reference before anything is written.
CHECKED_VECTORS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrolledPlan:
    """A scheduled graph, equal to the reference in every layer; a ganglion.hw.engines.sparse_node.Plan."""

    kind: ClassVar[NodeKind] = NodeKind.UNROLLED
    behavioural: ClassVar[tuple[str, ...]] = BEHAVIOURAL
    network: IntNetwork
    settings: UnrolledSettings
    graph: Graph
    schedule: Schedule
    csd_digits_total: int

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads: a vector a word."""
        return stream(self.graph.input_type, self.graph.n_features, self.graph.n_features)

    @property
    def leave(self) -> StreamFormat:
        """The stream that the engine writes: a vector a word."""
        last = self.graph.layers[-1]
        return stream(last.type, len(last.neurons), len(last.neurons))

    @property
    def cost(self) -> Cost:
        """What it takes of a 7-series part, counted."""
        return cost(self.graph, self.schedule)

    @property
    def resources(self) -> Resources:
        """What it takes of a 7-series part, counted."""
        counted = self.cost
        return Resources(lut=counted.lut, ff=counted.ff, dsp=counted.dsp, bram18=counted.bram18)

    @property
    def latency_cycles(self) -> int:
        """Cycles from an accepted vector to its result, alone and without stalls."""
        return self.schedule.latency_cycles

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from vector to vector: as many as one takes to come."""
        return load_cycles

    def layers(self) -> list[dict[str, Any]]:
        """Return what hw.json says of each layer."""
        return list(_describe_layers(self))

    def details(self) -> dict[str, Any]:
        """Return what hw.json says of the engine."""
        counted = self.cost
        return asdict(self.settings) | {
            "csd_digits_total": self.csd_digits_total,
            "adders": counted.adders,
            "carry4": counted.carry4,
            "interval_cycles": counted.interval_cycles,
            "latency_cycles": counted.latency_cycles,
        }

    def write(self, name: str, folder: Path) -> EngineParts:
        """Write the pipeline of a node called `name` into `folder`."""
        core = CoreWriter.of(self.graph, self.schedule, name=core_name(name), xc7=self.settings.xc7)
        file = folder / f"{core.name}.sv"
        file.write_text(core.module())
        return EngineParts(
            lines=engine_lines(core),
            files=(*(RTL / f"{module}.sv" for module in MODULES), file),
            memories=(),
            taps={layer: core.tap_format(layer) for layer in core.tapped_layers()},
        )

    def require_fit(self, board: Board) -> None:
        """Raise CompileError when the engine is over the board's budget."""
        require_fit(self.resources, board)


@remembered
def plan(network: IntNetwork, settings: UnrolledSettings) -> UnrolledPlan:
    """Return the plan of a network's engine.

    Raises CompileError when a weight has too many digits or the cut is impossible, and MismatchError when the
    graph computes another number than the reference.
    """
    digits = check_csd_digits(network, settings.csd_digits)
    graph = lower(network, settings.adder_inputs)
    stages = schedule(graph, settings.cut)
    _check_equal(network, graph, _check_inputs(network))
    return UnrolledPlan(
        network=network, settings=settings, graph=graph, schedule=stages, csd_digits_total=digits
    )


def require_hope(network: IntNetwork, settings: UnrolledSettings, board: Board) -> None:
    """Raise CompileError when the prediction is far over the board's budget: solving would take hours."""
    promised = predict(network, settings.cut, settings.adder_inputs)
    lut, ff = (round(count * HOPEFUL_SHARE) for count in (promised.lut, promised.ff))
    require_fit(Resources(lut=lut, ff=ff, dsp=0, bram18=0), board)


def require_fit(need: Resources, board: Board) -> None:
    """Raise CompileError when `need` is over the board's budget."""
    for name, needed, allowed, cure in (
        ("LUT", need.lut, board.budget.lut, "prune further, train with csd_digits = 2"),
        ("FF", need.ff, board.budget.ff, "raise CUT for fewer registers"),
    ):
        if needed > allowed:
            raise CompileError(
                f"unrolled engine: {needed:,} {name} needed of {board.name}'s {allowed:,}; {cure}, "
                "take ENGINE=folded or a larger board"
            )


def _check_inputs(network: IntNetwork) -> Ints:
    kind, features = network.spec.input_type, network.spec.widths[0]
    random = np.random.default_rng(0).integers(kind.low, kind.high + 1, (CHECKED_VECTORS, features))
    random[0], random[1], random[2] = kind.low, kind.high, 0
    return random


def _check_equal(network: IntNetwork, graph: Graph, vectors: Ints) -> None:
    """Raise MismatchError unless the graph gives the reference's integers, every layer's."""
    for layer, want, got in zip(
        graph.layers, network.forward(vectors), interpret(graph, vectors), strict=True
    ):
        for neuron, node in enumerate(layer.neurons):
            if node is not None and (want[:, neuron] != got[:, neuron]).any():
                vector = int((want[:, neuron] != got[:, neuron]).argmax())
                raise MismatchError(
                    f"unrolled graph: layer {layer.name}, vector {vector}, neuron {neuron}: expected "
                    f"{want[vector, neuron]}, got {got[vector, neuron]}"
                )


def _describe_layers(made: UnrolledPlan) -> Iterator[dict[str, Any]]:
    ready = 0
    for index, spec in enumerate(made.network.spec.layers):
        neurons = made.graph.layers[index].neurons
        stage = max((made.schedule.stages[n] for n in neurons if n is not None), default=ready)
        yield {
            "name": spec.name,
            "in_features": spec.n_inputs,
            "out_features": spec.n_outputs,
            "nnz": int((made.network.weights[index] != 0).sum()),
            "weight_bits": spec.weight_type.bits,
            "cycles": stage - ready + 1,
        }
        ready = stage
