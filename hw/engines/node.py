"""An engine as one node: what it planned for a run of layers, between words of chosen widths."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from ganglion.hw.codegen.node_module import NodeModule
from ganglion.hw.design.axi_stream import StreamFormat, stream
from ganglion.hw.design.hardware_node import HardwareNode, NodeKind
from ganglion.hw.engines.engine import Candidate, Engine, EngineSettings, Plan
from ganglion.hw.rtl import RTL
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.reference import IntNetwork, Ints

# Counters and handshakes of an adapter; a multiplexer of so many inputs is one LUT a bit.
ADAPTER_LUTS, ADAPTER_FFS, INPUTS_OF_LUT = 12, 12, 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFiles:
    """An engine written for a node: lines between its streams x and y, sources, memories, and taps."""

    lines: list[str]
    files: tuple[Path, ...]
    memories: tuple[Path, ...]
    taps: dict[int, StreamFormat]


class NodePlan(Plan, Protocol):
    """A plan that becomes one node, by modules of our own."""

    @property
    def shape(self) -> Any:
        """The frozen dataclass of what was planned, by which the node finds the plan again."""
        ...

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last result, alone and without stalls."""
        ...

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from vector to vector when the engine takes `load_cycles` to read one."""
        ...

    def layer_cycles(self) -> list[int]:
        """Return the cycles that each layer works on a vector."""
        ...

    def figures(self) -> dict[str, int]:
        """Return what hw.json says of the plan beside its shape."""
        ...

    def write(self, name: str, folder: Path) -> EngineFiles:
        """Write the engine's files for a node called `name` into `folder`."""
        ...


class NodeEngine(Engine):
    """An engine whose plans become one node each, of an operator of ours."""

    shape: ClassVar[type[Any]]
    """What a node of its carries: the type of its plans' `shape`."""

    @property
    def operator(self) -> str:
        """FINN's name of the node."""
        return f"{NodeKind.ENGINE.value}{self.name.title().replace('_', '')}"

    def planned_candidate(self, settings: EngineSettings, plan: NodePlan) -> Candidate:
        """Return the candidate that a plan is, of a whole network by these settings."""
        return Candidate(
            engine=self.name,
            settings=settings,
            varied=self.varied,
            latency_cycles=plan.latency_cycles,
            interval_cycles=plan.interval_cycles(plan.entry.words),
            resources=plan.resources,
            plan=plan,
        )

    def block(self, plan: NodePlan, source_values: int | None, sink_values: int | None) -> "EngineNode":
        """Return the node between words of so many values."""
        return EngineNode.between(plan, source_values, sink_values)

    def step_cycles(self, plan: Any, inputs: Ints, starts: npt.NDArray[np.bool_]) -> Ints | None:
        """Return the cycles of each step of episodes, [n, in] → [n]; None: always the plan's latency.

        starts: [n], where an episode starts, by a reset. Where they depend on data, the plan's latency is the
        most that they can be.
        """
        return None

    @abstractmethod
    def plan_as(self, network: IntNetwork, shape: Any) -> NodePlan:
        """Return the plan of this shape: what `plan` found, found again from a node of the graph."""


def worth_planning(usual: Sequence[Any], network: IntNetwork) -> list[Any]:
    """Return the usual settings, each once, with no more lanes than the network has nonzero weights."""
    most = max(1, network.nnz)
    return list(dict.fromkeys(replace(each, lanes=min(each.lanes, most)) for each in usual))


def is_last_worth_planning(made: NodePlan, board: Board, enough_cycles: float) -> bool:
    """Return whether more lanes than a plan's only take more, as it is in time, or cannot fit.

    They cannot where DSPs are short, of which each lane takes one or more, or block RAMs for the weights
    alone.
    """
    resources, network, bram, budget = made.resources, made.network, board.family.bram, board.budget
    if made.latency_cycles <= enough_cycles and board.holds(resources):
        return True
    weight_bits = sum(
        layer.weight_type.bits * int(np.count_nonzero(weight))
        for layer, weight in zip(network.spec.layers, network.weights, strict=True)
    )
    return resources.dsp > budget.dsp or weight_bits > budget.bram * bram.rows * bram.bits


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNode:
    """A plan behind ports whose words have `in_values` and `out_values` values."""

    plan: NodePlan
    in_values: int
    out_values: int

    @classmethod
    def between(cls, plan: NodePlan, source_values: int | None, sink_values: int | None) -> "EngineNode":
        """Return the node behind words of `source_values` and before words of `sink_values` values.

        None is the accelerator's own end: the engine's format.
        """
        entry, egress = plan.entry, plan.egress
        in_values = entry.word_values
        if source_values not in (None, entry.word_values):
            in_values = gcd(source_values, entry.word_values, entry.features)
        is_narrowed = sink_values is not None and egress.words == 1
        out_values = min(sink_values or 1, egress.word_values) if is_narrowed else egress.word_values
        return cls(plan=plan, in_values=in_values, out_values=out_values)

    @property
    def input(self) -> StreamFormat:
        """The stream that the node reads."""
        return stream(self.plan.entry.type, self.plan.entry.features, self.in_values)

    @property
    def output(self) -> StreamFormat:
        """The stream that the node writes."""
        return stream(self.plan.egress.type, self.plan.egress.features, self.out_values)

    @property
    def resources(self) -> Resources:
        """What engine and adapters take, estimated."""
        entry, egress = self.plan.entry, self.plan.egress
        lut = ff = 0
        if self.in_values != entry.word_values:
            lut += ADAPTER_LUTS + entry.word_values // self.in_values
            ff += ADAPTER_FFS + entry.word_values * entry.type.bits
        if self.out_values != egress.word_values:
            lut += ADAPTER_LUTS + round(egress.features * egress.type.bits / INPUTS_OF_LUT)
            ff += ADAPTER_FFS
        return self.plan.resources + Resources(lut=lut, ff=ff, dsp=0, bram=0)

    @property
    def interval_cycles(self) -> int:
        """Cycles from vector to vector, when neighbours are fast enough."""
        gathered = self.plan.entry.word_values // self.in_values
        # The first word has been gathered while the engine was busy.
        load_cycles = max(1, self.input.words - gathered + 1)
        return max(self.plan.interval_cycles(load_cycles), self.input.words, self.output.words)

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last result, alone and without stalls."""
        more_in = self.input.words - self.plan.entry.words + (self.in_values != self.plan.entry.word_values)
        return self.plan.latency_cycles + more_in + self.output.words - self.plan.egress.words

    @property
    def sending_cycles(self) -> int:
        """Cycles in which the results leave, a word each."""
        return self.output.words

    def layer_cycles(self) -> list[int]:
        """Return the cycles that each layer works on a vector."""
        return self.plan.layer_cycles()

    def layer_figures(self) -> list[dict[str, int]]:
        """Return the nonzero weights of each layer."""
        return [{"nnz": int(np.count_nonzero(weight))} for weight in self.plan.network.weights]

    def write(self, name: str, folder: Path) -> HardwareNode:
        """Write the node's module, `name`, and its memories into `folder`, and return the node."""
        written = self.plan.write(name, folder)
        module = NodeModule(
            name=name,
            promise=f"Latency {self.latency_cycles} cycles; initiation interval {self.interval_cycles}.",
            entry=self.plan.entry,
            egress=self.plan.egress,
            in_values=self.in_values,
            out_values=self.out_values,
            taps=written.taps,
            memories=folder.resolve() if written.memories else None,
        )
        file = folder / f"{name}.sv"
        file.write_text(module.text(written.lines))
        return HardwareNode(
            name=name,
            kind=NodeKind.ENGINE,
            module=name,
            folder=folder,
            files=(*(RTL / f"{adapter}.sv" for adapter in module.adapters), *written.files, file),
            input=module.input,
            output=module.output,
            layers=len(self.plan.network.spec.layers),
            taps=tuple(written.taps.items()),
            memories=written.memories,
        )
