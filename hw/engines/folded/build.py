"""The folded engine's compiler: layers and settings become a checked program, and that a node's files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.hardware_node import NodeKind
from ganglion.hw.engines.folded.cost import estimate, require_fit
from ganglion.hw.engines.folded.emit import engine_lines, input_format, output_format, tap_formats
from ganglion.hw.engines.folded.interpret import interpret
from ganglion.hw.engines.folded.memories import write_memories
from ganglion.hw.engines.folded.program import Program
from ganglion.hw.engines.folded.schedule import schedule
from ganglion.hw.engines.folded.settings import FoldedSettings
from ganglion.hw.engines.remember import remembered
from ganglion.hw.engines.sparse_node import RTL, EngineParts
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.errors import MismatchError
from ganglion.models.reference import IntNetwork, Ints

# In compile order: what is instantiated before what instantiates it.
MODULES = (
    "ganglion_mac", "ganglion_requantize", "ganglion_lane", "ganglion_bias_rom", "ganglion_lanes",
    "ganglion_adder_tree", "ganglion_reduction", "ganglion_collector", "ganglion_result_queue",
    "ganglion_bank", "ganglion_write_port", "ganglion_banks", "ganglion_loader", "ganglion_sequencer",
    "ganglion_folded", "ganglion_tap",
)  # fmt: skip
# Vectors by which a program is held against the reference before anything is written.
CHECKED_VECTORS = 64
# From the word after which no input is read to the next vector's first, which starts the program again.
RELOAD_CYCLES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedPlan:
    """A program, equal to the reference in every layer; a ganglion.hw.engines.sparse_node.Plan."""

    kind: ClassVar[NodeKind] = NodeKind.FOLDED
    behavioural: ClassVar[tuple[str, ...]] = ()
    program: Program

    @property
    def network(self) -> IntNetwork:
        """The layers."""
        return self.program.lowered.source

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads."""
        return input_format(self.program)

    @property
    def leave(self) -> StreamFormat:
        """The stream that the engine writes."""
        return output_format(self.program)

    @property
    def resources(self) -> Resources:
        """What it takes of a 7-series part, estimated."""
        return estimate(self.program)

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last result, alone and without stalls."""
        return self.program.latency_cycles

    def interval_cycles(self, load_cycles: int) -> int:
        """Return the cycles from vector to vector: the next one loads once no input is read any more.

        `load_cycles` it takes the loader; a cycle more where a result of another layer takes a bank's port.
        """
        last_read = int(self.program.release.argmax())
        return max(self.program.n_cycles, last_read + load_cycles - self.entry.words + RELOAD_CYCLES)

    def layers(self) -> list[dict[str, Any]]:
        """Return what hw.json says of each layer."""
        return [_describe_layer(self.program, index) for index in range(len(self.network.spec.layers))]

    def details(self) -> dict[str, Any]:
        """Return what hw.json says of the engine."""
        settings = self.program.settings
        return {
            "lanes": settings.lanes,
            "banks": settings.banks,
            "copies": settings.copies,
            "output_lanes": settings.output_lanes,
            "multiplier": settings.multiplier.value,
            "interval_cycles": self.program.n_cycles,
            "latency_cycles": self.program.latency_cycles,
            "program_bits": self.program.n_cycles * self.program.word_bits,
        }

    def write(self, name: str, folder: Path) -> EngineParts:
        """Write the engine's memories for a node called `name` into `folder`."""
        return EngineParts(
            lines=engine_lines(self.program, name),
            files=tuple(RTL / f"{module}.sv" for module in MODULES),
            memories=write_memories(self.program, folder, name),
            taps=tap_formats(self.program),
        )

    def require_fit(self, board: Board) -> None:
        """Raise CompileError, with the nearest setting that works, when the engine is over the budget."""
        require_fit(self.resources, self.program, board)


@remembered
def plan(network: IntNetwork, settings: FoldedSettings) -> FoldedPlan:
    """Return the plan of a network's engine.

    Raises CompileError when the network has no such engine, MismatchError when the program computes another
    integer (a mistake of the scheduler, never of the user).
    """
    program = schedule(network, settings)
    check_program(program, _check_inputs(network))
    return FoldedPlan(program=program)


def check_program(program: Program, inputs: Ints) -> None:
    """Raise MismatchError unless the program computes every layer of the reference for `inputs` [n, in]."""
    network = program.lowered.source
    results = zip(network.spec.layers, network.forward(inputs), interpret(program, inputs), strict=True)
    for layer, want, got in results:
        wrong = np.argwhere(want != got)
        if wrong.size:
            vector, neuron = (int(i) for i in wrong[0])
            raise MismatchError(
                f"folded program: layer {layer.name}, vector {vector}, neuron {neuron}: "
                f"expected {want[vector, neuron]}, got {got[vector, neuron]}"
            )


def _check_inputs(network: IntNetwork) -> Ints:
    kind, features = network.spec.input_type, network.spec.widths[0]
    random = np.random.default_rng(0).integers(kind.low, kind.high + 1, (CHECKED_VECTORS, features))
    random[0], random[1] = kind.low, kind.high
    return random


def _describe_layer(program: Program, index: int) -> dict[str, Any]:
    spec, rows = program.lowered.source.spec.layers[index], program.lowered.rows[index]
    nnz = sum(len(row.inputs) for row in rows)
    return {
        "name": spec.name,
        "in_features": spec.n_inputs,
        "out_features": spec.n_outputs,
        "pe": program.settings.lanes,
        "simd": 1,
        "weight_bits": program.lowered.weight_bits,
        "accumulator_bits": program.lowered.accumulator_bits,
        "nnz": nnz,
        "cycles": -(-nnz // program.settings.lanes),
    }
