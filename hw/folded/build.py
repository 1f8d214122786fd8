"""A policy becomes a folded engine: schedule, RTL, memories and their description for hw.json."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hw.config import Board, Resources
from hw.folded.cost import estimate, require_fit
from hw.folded.emit import (
    input_format,
    output_format,
    tap_format,
    top_module,
)
from hw.folded.interpret import interpret
from hw.folded.memories import write_memories
from hw.folded.program import Program
from hw.folded.schedule import schedule
from hw.folded.settings import FoldedSettings
from hw.top_ports import MEMORY_PARAMETER, TAPS_DEFINE, TOP
from models.artifacts import MismatchError, sha256_file
from models.reference import IntNetwork, Ints

RTL = Path(__file__).parents[1] / "rtl"
# In compile order: what is instantiated before what instantiates it.
MODULES = (
    "ganglion_mac", "ganglion_requantize", "ganglion_lane", "ganglion_bias_rom", "ganglion_lanes",
    "ganglion_adder_tree", "ganglion_reduction", "ganglion_collector", "ganglion_result_queue",
    "ganglion_bank", "ganglion_write_port", "ganglion_banks", "ganglion_loader", "ganglion_sequencer",
    "ganglion_folded", "ganglion_tap",
)  # fmt: skip
# Vectors by which a program is held against the reference before anything is written.
CHECKED_VECTORS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedDesign:
    """What `build` made in `folder`: rtl/, mem/ and this part of hw.json; its resources and program."""

    folder: Path
    description: dict[str, Any]
    estimate: Resources
    program: Program


def build(network: IntNetwork, settings: FoldedSettings, board: Board, folder: Path) -> FoldedDesign:
    """Return the design built in `folder`, its program equal to the reference in every layer.

    Raises CompileError when the network has no such engine or does not fit the board, MismatchError when the
    program computes another integer (a mistake of the scheduler, never of the user).
    """
    program = schedule(network, settings)
    check_program(program, _check_inputs(network))
    need = estimate(program)
    require_fit(need, program, board)
    for name in ("rtl", "mem"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    copy_modules(folder / "rtl")
    (folder / "rtl" / f"{TOP}.sv").write_text(top_module(program))
    memories = write_memories(program, folder / "mem")
    description = _describe(program, memories, folder)
    return FoldedDesign(folder=folder, description=description, estimate=need, program=program)


def copy_modules(folder: Path) -> list[str]:
    """Copy the engine's modules into `folder` and return their file names in compile order."""
    names = [f"{module}.sv" for module in MODULES]
    for name in names:
        shutil.copyfile(RTL / name, folder / name)
    return names


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


def _describe(program: Program, memories: list[str], folder: Path) -> dict[str, Any]:
    layers = program.lowered.source.spec.layers
    taps = [
        {"layer": layer.name, "port": f"tap{index}"} | tap_format(program, index).to_json()
        for index, layer in enumerate(layers)
    ]
    return {
        "top": TOP,
        "sources": [f"rtl/{name}.sv" for name in (*MODULES, TOP)],
        "memories": {f"mem/{name}": sha256_file(folder / "mem" / name) for name in memories},
        "memory_parameter": MEMORY_PARAMETER,
        "taps_define": TAPS_DEFINE,
        "input": input_format(program).to_json(),
        "output": output_format(program).to_json(),
        "taps": taps,
        "layers": [_describe_layer(program, index) for index in range(len(layers))],
        "nodes": ["ganglion_folded"],
        "behavioural": [],
        "patches": [],
        "folded": {
            "lanes": program.settings.lanes,
            "banks": program.settings.banks,
            "copies": program.settings.copies,
            "output_lanes": program.settings.output_lanes,
            "multiplier": program.settings.multiplier.value,
            "interval_cycles": program.n_cycles,
            "latency_cycles": program.latency_cycles,
            "program_bits": program.n_cycles * program.word_bits,
        },
    }


def _describe_layer(program: Program, index: int) -> dict[str, Any]:
    spec, rows = program.lowered.source.spec.layers[index], program.lowered.rows[index]
    nnz = sum(len(row.inputs) for row in rows)
    return {
        "name": spec.name,
        "in_features": spec.in_features,
        "out_features": spec.out_features,
        "pe": program.settings.lanes,
        "simd": 1,
        "weight_bits": program.lowered.weight_bits,
        "accumulator_bits": program.lowered.accumulator_bits,
        "nnz": nnz,
        "cycles": -(-nnz // program.settings.lanes),
    }
