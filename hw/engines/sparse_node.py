"""A node of a sparse engine: what the engine planned for some layers, behind streams of chosen lanes."""

from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ganglion.hw.codegen.node_module import NodeModule, shape_of, stream
from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.hardware_node import HardwareNode, NodeKind
from ganglion.hw.rtl import RTL
from ganglion.hw.target.resources import Resources
from ganglion.models.reference import IntNetwork

# Counters and handshakes of an adapter; a multiplexer of so many inputs is one LUT a bit.
ADAPTER_LUTS, ADAPTER_FFS, INPUTS_OF_LUT = 12, 12, 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """An engine written for a node: lines between its streams x and y, sources, memories, and taps."""

    lines: list[str]
    files: tuple[Path, ...]
    memories: tuple[Path, ...]
    taps: dict[int, StreamFormat]


class Plan(Protocol):
    """What an engine will do for a chain of layers, checked against the reference."""

    kind: ClassVar[NodeKind]
    behavioural: ClassVar[tuple[str, ...]]
    """What synthesis replaces by cells of the part, so that it is not simulated itself."""

    @property
    def network(self) -> IntNetwork:
        """The layers."""
        ...

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads."""
        ...

    @property
    def leave(self) -> StreamFormat:
        """The stream that the engine writes."""
        ...

    @property
    def resources(self) -> Resources:
        """What it takes of a 7-series part, estimated."""
        ...

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last result, alone and without stalls."""
        ...

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from vector to vector when the engine takes `load_cycles` to read one."""
        ...

    def layers(self) -> list[dict[str, Any]]:
        """Return what hw.json says of each layer."""
        ...

    def details(self) -> dict[str, Any]:
        """Return what hw.json says of the engine."""
        ...

    def write(self, name: str, folder: Path) -> EngineParts:
        """Write the engine's files for a node called `name` into `folder`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseNode:
    """A plan behind ports whose words have `in_lanes` and `out_lanes` values."""

    plan: Plan
    in_lanes: int
    out_lanes: int

    @classmethod
    def between(cls, plan: Plan, source_lanes: int | None, sink_lanes: int | None) -> "SparseNode":
        """Return the node behind words of `source_lanes` and before words of `sink_lanes` values.

        None is the accelerator's own end: the engine's format.
        """
        entry, leave = plan.entry, plan.leave
        in_lanes = entry.lanes
        if source_lanes not in (None, entry.lanes):
            in_lanes = gcd(source_lanes, entry.lanes, entry.features)
        is_narrowed = sink_lanes is not None and leave.words == 1
        out_lanes = min(sink_lanes or 1, leave.lanes) if is_narrowed else leave.lanes
        return cls(plan=plan, in_lanes=in_lanes, out_lanes=out_lanes)

    @property
    def input(self) -> StreamFormat:
        """The stream that the node reads."""
        return stream(self.plan.entry.type, self.plan.entry.features, self.in_lanes)

    @property
    def output(self) -> StreamFormat:
        """The stream that the node writes."""
        return stream(self.plan.leave.type, self.plan.leave.features, self.out_lanes)

    @property
    def resources(self) -> Resources:
        """What engine and adapters take of a 7-series part, estimated."""
        need, entry, leave = self.plan.resources, self.plan.entry, self.plan.leave
        lut = ff = 0
        if self.in_lanes != entry.lanes:
            lut += ADAPTER_LUTS + entry.lanes // self.in_lanes
            ff += ADAPTER_FFS + entry.lanes * entry.type.bits
        if self.out_lanes != leave.lanes:
            lut += ADAPTER_LUTS + round(leave.features * leave.type.bits / INPUTS_OF_LUT)
            ff += ADAPTER_FFS
        return Resources(lut=need.lut + lut, ff=need.ff + ff, dsp=need.dsp, bram18=need.bram18)

    @property
    def interval_cycles(self) -> int:
        """Cycles from vector to vector, when neighbours are fast enough."""
        parts = self.plan.entry.lanes // self.in_lanes
        # The first word has been gathered while the engine was busy.
        load_cycles = max(1, self.input.words - parts + 1)
        return max(self.plan.interval_cycles(load_cycles), self.input.words, self.output.words)

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last result, alone and without stalls."""
        more_in = self.input.words - self.plan.entry.words + (self.in_lanes != self.plan.entry.lanes)
        return self.plan.latency_cycles + more_in + self.output.words - self.plan.leave.words

    def write(self, name: str, folder: Path) -> HardwareNode:
        """Write the node's module, `name`, and its memories into `folder`, and return the node."""
        parts = self.plan.write(name, folder)
        module = NodeModule(
            name=name,
            promise=f"Latency {self.latency_cycles} cycles; initiation interval {self.interval_cycles}.",
            entry=self.plan.entry,
            leave=self.plan.leave,
            in_lanes=self.in_lanes,
            out_lanes=self.out_lanes,
            taps=parts.taps,
            memories=folder.resolve() if parts.memories else None,
        )
        file = folder / f"{name}.sv"
        file.write_text(module.text(parts.lines))
        return HardwareNode(
            name=name,
            kind=self.plan.kind,
            module=name,
            folder=folder,
            files=(*(RTL / f"{adapter}.sv" for adapter in module.adapters), *parts.files, file),
            input=shape_of(module.input),
            output=shape_of(module.output),
            layers=len(self.plan.network.spec.layers),
            taps=tuple((layer, shape_of(tap)) for layer, tap in parts.taps.items()),
            memories=parts.memories,
        )
