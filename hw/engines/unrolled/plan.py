"""The unrolled engine's compiler: layers become a scheduled graph, and that a node's files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.engines.check import check_plan
from ganglion.hw.engines.node import EngineFiles
from ganglion.hw.engines.unrolled.cost import cost, plain_cost
from ganglion.hw.engines.unrolled.emit import CoreWriter
from ganglion.hw.engines.unrolled.graph import Graph
from ganglion.hw.engines.unrolled.interpret import interpret
from ganglion.hw.engines.unrolled.lower import lower
from ganglion.hw.engines.unrolled.pipeline import engine_lines
from ganglion.hw.engines.unrolled.schedule import Schedule, schedule
from ganglion.hw.engines.unrolled.shape import UnrolledShape
from ganglion.hw.rtl import RTL
from ganglion.hw.target.resources import Resources
from ganglion.models.quant.csd import csd_digits
from ganglion.models.reference import IntNetwork

MODULES = (
    "ganglion_add3_xc7",
    "ganglion_add3",
    "ganglion_clip_xc7",
    "ganglion_clip",
    "ganglion_output_fifo",
    "ganglion_pipeline_stream",
)


@dataclass(frozen=True, kw_only=True)
class UnrolledPlan:
    """A scheduled graph; a ganglion.hw.engines.node.NodePlan."""

    network: IntNetwork
    shape: UnrolledShape
    graph: Graph
    schedule: Schedule
    resources: Resources
    """What it takes, counted: of a Xilinx part, or as `plain_cost` does."""

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads: a vector a word."""
        return stream(self.graph.input_type, self.graph.n_features, self.graph.n_features)

    @property
    def egress(self) -> StreamFormat:
        """The stream that the engine writes: a vector a word."""
        last = self.graph.layers[-1]
        return stream(last.type, len(last.neurons), len(last.neurons))

    @property
    def latency_cycles(self) -> int:
        """Cycles from an accepted vector to its result, alone and without stalls."""
        return self.schedule.latency_cycles

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from vector to vector: as many as one takes to come."""
        return load_cycles

    def layer_cycles(self) -> list[int]:
        """Return the stages that each layer works in."""
        cycles, ready = [], 0
        for layer in self.graph.layers:
            stage = max((self.schedule.stages[n] for n in layer.neurons if n is not None), default=ready)
            cycles.append(stage - ready + 1)
            ready = stage
        return cycles

    def figures(self) -> dict[str, int]:
        """Return the signed digits of the weights, and the adders and carry chains that they became."""
        sums = list(self.graph.sums)
        return {
            "csd_digits_total": sum(int(csd_digits(weight).sum()) for weight in self.network.weights),
            "adders": len(sums),
            "carry4": sum(node.cells.carry4 for node in sums),
        }

    def verify(self) -> None:
        """Raise MismatchError unless the graph gives the reference's integers, every layer's."""
        read = [
            np.array([node is not None for node in layer.neurons], dtype=np.bool_)
            for layer in self.graph.layers
        ]
        check_plan("unrolled", self.network, lambda inputs: interpret(self.graph, inputs), read)

    def write(self, name: str, folder: Path) -> EngineFiles:
        """Write the pipeline of a node called `name` into `folder`."""
        core = CoreWriter.of(self.graph, self.schedule, name=f"{name}_core", xc7=self.shape.xc7)
        file = folder / f"{core.name}.sv"
        file.write_text(core.module())
        return EngineFiles(
            lines=engine_lines(core),
            files=(*(RTL / f"{module}.sv" for module in MODULES), file),
            memories=(),
            taps={layer: core.tap_format(layer) for layer in core.tapped_layers()},
        )


def plan(network: IntNetwork, shape: UnrolledShape) -> UnrolledPlan:
    """Return the plan of a network's engine; CompileError when its pipeline is impossible."""
    graph = lower(network, shape.adder_inputs)
    stages = schedule(graph, shape.adders_per_stage, shape.pipelining)
    counted = cost(graph, stages) if shape.xc7 else plain_cost(graph, stages)
    return UnrolledPlan(network=network, shape=shape, graph=graph, schedule=stages, resources=counted)
